"""Pictures of finished arrays; no model and no jax needed.

Figures are drawn in one ink on a transparent ground, so that a page can show
them in its own colours, light or dark (see `report`).

Letters: T frames, R rows (categories), m continuous dimensions, H W C image.
"""

import os

import numpy as np

INK = "#010203"  # replaced by the page's text colour
# Okabe & Ito's colours, told apart by the colour-blind, on white and on black.
COLOURS = (
  "#0072B2", "#E69F00", "#009E73", "#CC79A7",
  "#56B4E9", "#D55E00", "#999999", "#B8A900",
)  # fmt: skip
_MAX_POINTS = 400  # of a curve; longer ones are averaged
_STYLE = {
  "axes.edgecolor": INK,
  "axes.labelcolor": INK,
  "axes.spines.right": False,
  "axes.spines.top": False,
  "figure.facecolor": "none",
  "axes.facecolor": "none",
  "font.size": 9,
  "svg.fonttype": "none",
  "text.color": INK,
  "xtick.color": INK,
  "ytick.color": INK,
}


def _figure(width: float, height: float, rows: int = 1):
  """A figure and its axes, in inches, apart from pyplot's global state."""
  import matplotlib
  from matplotlib.figure import Figure

  with matplotlib.rc_context(_STYLE):
    figure = Figure((width, height), layout="constrained")
    axes = figure.subplots(rows, 1, squeeze=False, sharex=True)[:, 0]
  return figure, axes


def traversal_sheet(traversals: np.ndarray, kl: list[float]):
  """A still: a row a category, a column a dimension, five frames in each.

  Args:
    traversals: `[T, R, m, H, W, C]` in [0, 1].
    kl: `[m]` nats, written under each dimension's name.
  """
  shown = np.linspace(0, len(traversals) - 1, 5).round().astype(int)
  strips = traversals[shown].transpose(1, 2, 3, 0, 4, 5)  # [R, m, H, 5, W, C]
  rows, m, height, _, width, channels = strips.shape
  cells = strips.reshape(rows, m, height, 5 * width, channels)
  sheet = _tile(cells, gap=max(2, height // 10))
  figure, (axes,) = _figure(1.9 * m, 0.5 * rows + 0.6)
  _show_image(axes, sheet)
  pitch = sheet.shape[1] / m, sheet.shape[0] / rows
  names = [f"z{j + 1}\n{nats:.1f} nats" for j, nats in enumerate(kl)]
  axes.set_xticks((np.arange(m) + 0.5) * pitch[0], names)
  labels = [f"c{r + 1}" for r in range(rows)] if rows > 1 else [""]
  axes.set_yticks((np.arange(rows) + 0.5) * pitch[1], labels)
  return figure


def save_traversal_gif(path: str | os.PathLike, traversals: np.ndarray) -> None:
  """Animates z from -1 to 1 and back: a row a category, a column a dimension.

  Args:
    path: of the GIF.
    traversals: `[T, R, m, H, W, C]` in [0, 1].
  """
  from PIL import Image, ImageDraw

  scale = max(1, 96 // traversals.shape[3])
  there_and_back = [*traversals, *traversals[-2:0:-1]]
  frames = []
  for frame in there_and_back:
    large = frame.repeat(scale, axis=2).repeat(scale, axis=3)
    tiles = (255 * _tile(large, gap=6, ground=0.2)).round().astype(np.uint8)
    image = Image.fromarray(tiles[..., 0] if tiles.shape[-1] == 1 else tiles)
    image = _with_margin(image.convert("RGB"))
    draw = ImageDraw.Draw(image)
    rows, m = frame.shape[:2]
    for j in range(m):
      x = 30 + (j + 0.5) * (image.width - 30) / m
      draw.text((x, 12), f"z{j + 1}", fill="#cccccc", anchor="mm")
    for r in range(rows if rows > 1 else 0):
      y = 24 + (r + 0.5) * (image.height - 24) / rows
      draw.text((15, y), f"c{r + 1}", fill="#cccccc", anchor="mm")
    frames.append(image)
  frames[0].save(
    path, save_all=True, append_images=frames[1:], duration=80, loop=0
  )


def reconstructions(originals: np.ndarray, decoded: np.ndarray):
  """Originals `[K, H, W, C]` above what the decoder makes of their codes."""
  sheet = _tile(np.stack([originals, decoded]), gap=2)
  count = len(originals)
  figure, (axes,) = _figure(0.7 * count + 1, 1.6)
  _show_image(axes, sheet)
  axes.set_xticks([])
  quarter = sheet.shape[0] / 4
  axes.set_yticks([quarter, 3 * quarter], ["image", "decoded"])
  return figure


def confusion(
  counts: np.ndarray, class_names: list[str], relabelling: list[int]
):
  """Shares of each category's images by class; the relabelling in frames.

  Args:
    counts: `[S, K]` images of a category and a class.
    class_names: K names.
    relabelling: `[S]` the class that a category stands for, -1 for none.
  """
  counts = np.asarray(counts)
  shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
  size, classes = counts.shape
  figure, (axes,) = _figure(1.1 * classes + 0.8, 0.65 * size + 0.5)
  for row, column in np.ndindex(size, classes):
    share = shares[row, column]
    axes.add_patch(_cell(column, row, share, relabelling[row] == column))
    axes.text(
      column, row, f"{share:.1%}\n{counts[row, column]:,}", ha="center",
      va="center", color="white" if share > 0.55 else INK, size=8,
    )  # fmt: skip
  axes.set_xlim(-0.55, classes - 0.45)
  axes.set_ylim(size - 0.45, -0.55)
  axes.set_xticks(range(classes), class_names)
  axes.set_yticks(range(size), [f"c{k + 1}" for k in range(size)])
  axes.xaxis.tick_top()
  axes.tick_params(length=0)
  axes.spines[:].set_visible(False)
  return figure


def curves(records: list[dict]):
  """What metrics.jsonl says over the steps, with phases marked.

  Args:
    records: of metrics.jsonl, at least one.
  """
  steps = _averaged([r["step"] for r in records])
  figure, axes = _figure(9, 7.5, rows=4)
  _lines(axes[0], steps, [r["reconstruction"] for r in records], [""])
  axes[0].set_ylabel("reconstruction\nnats per image")
  axes[0].set_yscale("log")
  dimensions = [f"z{j + 1}" for j in range(len(records[0]["kl"]))]
  _lines(axes[1], steps, [r["kl"] for r in records], dimensions)
  axes[1].set_ylabel("KL\nnats per dimension")
  counts = np.array([r["counts"] for r in records], float)
  total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
  categories = [f"c{k + 1}" for k in range(counts.shape[1])]
  _lines(axes[2], steps, counts / total, categories)
  axes[2].set_ylabel("share of\neach category")
  _lines(axes[3], steps, [r["flow_differs"] for r in records], [""])
  axes[3].set_ylabel("images that the\nflow moved")
  axes[3].set_xlabel("step")
  axes[3].set_xlim(0, records[-1]["step"])
  for each in axes:
    _mark_phases(each, records, is_labelled=each is axes[0])
  return figure


def _averaged(values) -> np.ndarray:
  """Means of consecutive values, at most `_MAX_POINTS` of them."""
  values = np.asarray(values, float)
  bins = np.array_split(values, min(len(values), _MAX_POINTS))
  return np.array([each.mean(axis=0) for each in bins])


def _lines(axes, steps: np.ndarray, values, names: list[str]) -> None:
  values = _averaged(values).reshape(len(steps), -1)
  marker = "o" if len(steps) == 1 else None
  for index, name in enumerate(names):
    colour = COLOURS[index % len(COLOURS)]
    axes.plot(
      steps, values[:, index], color=colour, lw=1.3, marker=marker, label=name
    )
  if len(names) > 1:
    axes.legend(
      loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8
    )


def _mark_phases(axes, records: list[dict], is_labelled: bool) -> None:
  """A line at each phase's start, bold where the code starts."""
  for before, after in zip([None, *records], records, strict=False):
    if before is not None and before["phase"] == after["phase"]:
      continue
    starts_code = after["discrete"] and not (before and before["discrete"])
    style = {"lw": 1.4} if starts_code else {"lw": 0.7, "ls": ":"}
    if before is not None:
      axes.axvline(before["step"], color=INK, alpha=0.6, **style)
    if is_labelled:
      label = f" {after['open_dimensions']} open"
      label += "\n + code" if starts_code else ""
      start = before["step"] if before else 0
      axes.text(
        start, 1.0, label, size=7, va="bottom",
        transform=axes.get_xaxis_transform(),
      )  # fmt: skip


def _cell(column: int, row: int, share: float, is_chosen: bool):
  from matplotlib.colors import to_rgba
  from matplotlib.patches import Rectangle

  return Rectangle(
    (column - 0.47, row - 0.47), 0.94, 0.94,
    facecolor=to_rgba(COLOURS[0], 0.08 + 0.92 * share),
    edgecolor=INK if is_chosen else "none", linewidth=1.8,
  )  # fmt: skip


def _tile(cells: np.ndarray, gap: int, ground: float = 0.5) -> np.ndarray:
  """Images `[R, m, H, W, C]` side by side on a grey ground."""
  margins = ((0, 0), (0, 0), (gap // 2, gap // 2), (gap // 2, gap // 2), (0, 0))
  padded = np.pad(cells, margins, constant_values=ground)
  rows, columns, height, width, channels = padded.shape
  return padded.transpose(0, 2, 1, 3, 4).reshape(
    rows * height, columns * width, channels
  )


def _with_margin(image):
  """Room for labels: 30 pixels at the left, 24 above."""
  from PIL import Image

  larger = Image.new("RGB", (image.width + 30, image.height + 24), "#333333")
  larger.paste(image, (30, 24))
  return larger


def _show_image(axes, image: np.ndarray) -> None:
  axes.imshow(
    np.squeeze(image, -1) if image.shape[-1] == 1 else image,
    cmap="gray", vmin=0, vmax=1, aspect="equal", interpolation="nearest",
    extent=(0, image.shape[1], image.shape[0], 0),
  )  # fmt: skip
  axes.tick_params(length=0)
  axes.spines[:].set_visible(False)
