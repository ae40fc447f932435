"""Pictures of finished arrays; no model, no files.

Each function returns a matplotlib Figure, but `traversal_gif`, which returns
the bytes of a file: matplotlib has no animated figures without a writer.

Letters: T frames of a traversal, R categories (rows), m continuous dimensions,
K images, S categories, H W C image.
"""

import io
from collections.abc import Sequence

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.plots import plates
from cascade_jax.plots.style import (
  INK,
  UNUSED_KL,
  category_name,
  code_name,
  dimension_color,
  dimension_name,
  to_array,
)

_STILLS = 5  # frames of a traversal that the grid shows
_PER_LINE = 3  # dimensions side by side in the grid
_PAIRS_PER_LINE = 8
_FRAME_MS = 60
_END_MS = 500


def traversal_grid(
  traversals: np.ndarray,
  values: np.ndarray,
  kl: Sequence[float] | None = None,
  categories: np.ndarray | None = None,
  dimensions: Sequence[int] | None = None,
):
  """Traversals as stills: a row a code, a strip of frames a dimension.

  Args:
    traversals: `[T, R, m, H, W, C]` in [0, 1]; frame t has one dimension at
      `values[t]`, the others at 0.
    values: `[T]`.
    kl: `[m]` nats, written beside the names.
    categories: `[R, D]` of the rows, a column a discrete variable; D = 0 or
      None for a model without a code.
    dimensions: those to show, counted from 0; all by default.

  Raises:
    UserError: arrays that don't fit together.
  """
  _check_traversals(traversals, values, kl, categories)
  shown = range(traversals.shape[2]) if dimensions is None else dimensions
  frames = np.linspace(0, len(values) - 1, min(_STILLS, len(values)))
  frames = frames.round().astype(int)
  pixels = plates.to_pixels(traversals[frames], target=112)
  blocks = pixels.transpose(2, 1, 0, 3, 4, 5)[list(shown)]
  return plates.plate(
    blocks,
    titles=[[_title(j, kl)] for j in shown],
    colors=[dimension_color(j) for j in shown],
    row_names=_row_names(categories),
    feet=[[_number(values[t]) for t in frames]] * len(blocks),
    per_line=_PER_LINE,
  )


def traversal_gif(
  traversals: np.ndarray,
  values: np.ndarray,
  kl: Sequence[float] | None = None,
  categories: np.ndarray | None = None,
) -> bytes:
  """Traversals as an endless GIF: a row a code, a column a dimension.

  It runs from the first value to the last and back. Arguments and errors are
  those of `traversal_grid`.
  """
  from PIL import Image

  _check_traversals(traversals, values, kl, categories)
  pixels = plates.to_pixels(traversals, target=96)
  frames = [
    Image.fromarray(
      to_array(_traversal_frame(images, values, t, kl, categories))
    )
    for t, images in enumerate(pixels)
  ]
  # One palette for all frames: a palette each would flicker.
  sample = np.concatenate([np.asarray(f) for f in (frames[0], frames[-1])])
  palette = Image.fromarray(sample).quantize(method=Image.Quantize.MAXCOVERAGE)
  frames = [f.quantize(palette=palette, dither=0) for f in frames]
  there_and_back = frames + frames[-2:0:-1]
  durations = [_FRAME_MS] * len(there_and_back)
  durations[0] = durations[len(frames) - 1] = _END_MS
  file = io.BytesIO()
  there_and_back[0].save(
    file,
    format="GIF",
    save_all=True,
    append_images=there_and_back[1:],
    duration=durations,
    loop=0,
  )
  return file.getvalue()


def reconstructions(
  originals: np.ndarray,
  decoded: np.ndarray,
  categories: np.ndarray | None = None,
):
  """Images above what the model makes of them, with their categories.

  Args:
    originals: `[K, H, W, C]` in [0, 1].
    decoded: the same shape.
    categories: `[K, D]`, a column a discrete variable; None without a code.

  Raises:
    UserError: shapes that differ.
  """
  if originals.shape != decoded.shape or not len(originals):
    raise UserError(
      f"originals {originals.shape} and reconstructions {decoded.shape} must "
      "be the same number of images, of one shape, and not none"
    )
  pairs = plates.to_pixels(np.stack([originals, decoded]), target=112)
  names = _row_names(categories)
  feet = names or [""] * len(originals)
  starts = range(0, len(originals), _PAIRS_PER_LINE)
  return plates.plate(
    [pairs[:, start : start + _PAIRS_PER_LINE] for start in starts],
    row_names=("image", "model"),
    feet=[feet[start : start + _PAIRS_PER_LINE] for start in starts],
  )


def confusion(
  counts: np.ndarray,
  class_names: Sequence[str],
  relabelling: Sequence[int] | None = None,
):
  """Categories against classes: counts, and percent of each class.

  Args:
    counts: `[S, classes]`.
    class_names: of the columns.
    relabelling: `[S]`, the class that each category is taken for; outlined.

  Raises:
    UserError: names that don't fit the columns.
  """
  from matplotlib.figure import Figure
  from matplotlib.patches import Rectangle

  counts = np.asarray(counts)
  if counts.ndim != 2 or counts.shape[1] != len(class_names):
    raise UserError(
      f"counts of shape {counts.shape} need two axes and a class name a "
      f"column; there are {len(class_names)} names"
    )
  rows, columns = counts.shape
  size = (1.2 + 1.25 * columns, 0.9 + 0.75 * rows)
  figure = Figure(figsize=size, dpi=150, layout="constrained")
  figure.get_layout_engine().set(w_pad=0.15, h_pad=0.15)
  axes = figure.subplots()
  shares = counts / np.maximum(counts.sum(axis=0), 1)
  for (r, c), share in np.ndenumerate(shares):
    place = ((c + 0.02, r + 0.02), 0.96, 0.96)
    axes.add_patch(Rectangle(*place, color="#0072b2", alpha=0.55 * share, lw=0))
    if relabelling is not None and relabelling[r] == c:
      axes.add_patch(Rectangle(*place, fill=False, ec=INK, lw=1.8))
    text = f"{counts[r, c]:,}\n{share:.1%}"
    axes.text(c + 0.5, r + 0.5, text, ha="center", va="center", color=INK)
  axes.set(xlim=(0, columns), ylim=(rows, 0))
  axes.set_xticks(np.arange(columns) + 0.5, class_names, parse_math=False)
  axes.set_yticks(
    np.arange(rows) + 0.5, [category_name(k) for k in range(rows)]
  )
  axes.tick_params(length=0, colors=INK, top=True, labeltop=True, bottom=False)
  axes.tick_params(labelbottom=False, labelsize=11)
  note = "images, and % of the class"
  if relabelling is not None:
    note += "; outlined: what a category is taken for"
  axes.set_xlabel(note, size=9, color=INK, alpha=0.75, labelpad=8)
  axes.spines[:].set_visible(False)
  return figure


def _check_traversals(traversals, values, kl, categories) -> None:
  if traversals.ndim != 6 or not traversals.size:
    raise UserError(
      "traversals must be [frames, categories, dimensions, H, W, C], not of "
      f"shape {traversals.shape}"
    )
  for name, given, wanted in (
    ("values", values, traversals.shape[0]),
    ("kl", kl, traversals.shape[2]),
    ("categories", categories, traversals.shape[1]),
  ):
    if given is not None and len(given) != wanted:
      raise UserError(
        f"{name} has {len(given)} entries; traversals of shape "
        f"{traversals.shape} need {wanted}"
      )


def _traversal_frame(images, values, t: int, kl, categories):
  """One frame of the GIF, `images` `[R, m, h, w, 3]`, with a slider below."""
  low, high = _number(values[0]), _number(values[-1])
  return plates.plate(
    images.transpose(1, 0, 2, 3, 4)[:, :, None],
    titles=[
      [dimension_name(j)] + ([] if kl is None else [f"KL {kl[j]:.1f}"])
      for j in range(images.shape[1])
    ],
    colors=[dimension_color(j) for j in range(images.shape[1])],
    row_names=_row_names(categories),
    per_line=images.shape[1],
    gap=12,
    slider=plates.Slider(t / max(len(values) - 1, 1), low, high),
  )


def _number(value: float) -> str:
  return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _title(dimension: int, kl) -> str:
  name = dimension_name(dimension)
  if kl is None:
    return name
  unused = ", unused" if kl[dimension] <= UNUSED_KL else ""
  return f"{name}   {kl[dimension]:.2f} nats{unused}"


def _row_names(categories) -> list[str]:
  if categories is None or not np.size(categories):
    return []
  return [code_name(row) for row in categories]
