r"""Draws the pictures of docs/method.md.

  python docs/draw_method.py

`tests/docs/draw_method_test.py` checks that the committed files are what this
draws.
"""

import pathlib
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import cascade_jax
from cascade_jax import config as config_lib
from cascade_jax import data
from cascade_jax.plots.style import INK, category_name, dimension_name

FOLDER = pathlib.Path(__file__).parent / "method"
PAIRWISE_WEIGHT = 1.0  # nats a pair; large, so that it shows in eight images
SCALE, X, Y = 0, 16, 16  # of all images: the smallest, in the centre
# Shape and orientation of each image of the batch.
BATCH = np.array(
  [[0, 0], [0, 15], [0, 20], [0, 25], [0, 30], [1, 0], [1, 15], [2, 0]]
)
LOW, HIGH, CHOSEN = "#dbe9f4", "#0072b2", "#d55e00"
PALE = {"color": INK, "alpha": 0.22, "lw": 0.7}


class Batch(NamedTuple):
  """Images, what the decoder makes of each category, and their costs."""

  images: np.ndarray  # [B, H, W] in [0, 1]
  decoded: np.ndarray  # [S, H, W] in [0, 1]
  unary_costs: np.ndarray  # [B, S] nats


def main() -> None:
  """Writes the pictures."""
  FOLDER.mkdir(exist_ok=True)
  for name, figure in (("schedule", schedule()), ("flow", flow(batch()))):
    save(figure, FOLDER / f"{name}.svg")


def save(figure: Figure, path: pathlib.Path) -> None:
  """Writes an SVG file, the same bytes for the same figure."""
  with matplotlib.rc_context({"svg.hashsalt": path.stem}):
    figure.savefig(path, format="svg", metadata={"Date": None})


def batch() -> Batch:
  """Returns eight images, decoded by a model that knows all but orientation.

  Such a decoder draws the mean over all orientations of a shape.
  """
  grid = np.array(list(np.ndindex(3, 40)))
  factors = np.insert(grid, 1, SCALE, axis=1)
  factors = np.hstack([factors, np.tile([X, Y], (len(grid), 1))])
  every = data.dsprites.render(factors).reshape(3, 40, 32, 2, 32, 2)
  every = every.mean(axis=(3, 5))  # [shape, orientation, 32, 32]
  images, decoded = every[tuple(BATCH.T)], every.mean(axis=1)
  x, p = images[:, None], decoded.clip(1e-3, 1 - 1e-3)
  log_likelihood = x * np.log(p) + (1 - x) * np.log(1 - p)
  return Batch(images, decoded, -log_likelihood.sum(axis=(2, 3)))


def schedule() -> Figure:
  """Draws the KL weight of each dimension over the steps of the paper's run."""
  config = config_lib.default()
  cascade = cascade_jax.Cascade(
    config.num_continuous,
    config.beta_low,
    config.beta_high,
    config.phase_steps,
    config.discrete_start_phase,
  )
  length, num_phases = config.phase_steps, config.num_continuous + 2
  figure = Figure(figsize=(6.6, 3.4), facecolor="white")
  axes = figure.add_axes((0.08, 0.17, 0.87, 0.7))
  for phase in range(num_phases):
    stage = cascade.stage(phase * length)
    weights = stage.kl_weights
    for j, weight in enumerate(weights):
      is_open = weight == config.beta_low
      _cell(axes, phase, j, f"{weight:g}", LOW if is_open else HIGH)
    text, color = ("on", CHOSEN) if stage.discrete else ("off", "#eeeeee")
    _cell(axes, phase, len(weights) + 0.25, text, color)
  rows = [*range(len(weights)), len(weights) + 0.25]
  names = [dimension_name(j) for j in range(len(weights))]
  axes.set_yticks(rows, [*names, "code"])
  ticks = range(num_phases + 1)
  axes.set_xticks(ticks, [f"{k * length // 1000}k" for k in ticks])
  axes.set(xlim=(0, num_phases), ylim=(len(weights) + 0.75, -0.5))
  axes.set_xlabel(f"step, of {config.num_steps:,}", color=INK)
  axes.set_title("KL weight of each dimension", color=INK, loc="left", size=11)
  axes.tick_params(colors=INK, length=0)
  axes.spines[:].set_visible(False)
  return figure


def _cell(axes: Axes, phase: int, row: float, text: str, color: str) -> None:
  """Draws what a phase prescribes for a row."""
  axes.barh(row, 1, 0.86, phase, color=color, edgecolor="white", lw=1.5)
  ink = "white" if color in (HIGH, CHOSEN) else INK
  axes.text(phase + 0.5, row, text, color=ink, ha="center", va="center", size=9)


def flow(batch: Batch) -> Figure:
  """Draws the flow network of a batch, its cheapest flow highlighted."""
  found = cascade_jax.assign_codes(batch.unary_costs, PAIRWISE_WEIGHT)
  num_images, num_categories = batch.unary_costs.shape
  figure = Figure(figsize=(6.8, 7), facecolor="white")
  axes = figure.add_axes((0, 0, 1, 0.93), xlim=(0, 6.8), ylim=(6.6, -0.1))
  axes.axis("off")
  headings = {0.5: "images", 1.75: "unary costs", 3.9: "categories"}
  headings |= {5.08: "pair costs", 6.45: "sink"}
  for x, heading in headings.items():
    axes.text(x, -0.2, heading, color=INK, ha="center")
  heights = np.linspace(0.35, 6.15, num_images)
  centres = np.linspace(1.2, 5.3, num_categories)
  for i, height in enumerate(heights):
    _thumbnail(axes, batch.images[i], 0.5, height)
    for k, cost in enumerate(batch.unary_costs[i]):
      start = height + 0.21 * (k - 1)
      is_chosen = k == found.categories[i]
      look = (
        {"color": CHOSEN, "weight": "bold"} if is_chosen else {"color": INK}
      )
      axes.text(1.42, start, f"{cost:.1f}", ha="right", va="center", **look)
      line = {"color": CHOSEN, "lw": 1.8, "zorder": 3} if is_chosen else PALE
      axes.plot([1.5, 3.62], [start, centres[k]], **line)
  for k, centre in enumerate(centres):
    _thumbnail(axes, batch.decoded[k], 3.9, centre)
    axes.text(3.9, centre + 0.42, category_name(k), ha="center", color=INK)
    _arcs_to_sink(axes, centre, int(found.counts[k]), num_images)
  axes.plot(6.5, 3.25, "o", ms=24, color=INK, zorder=4)
  axes.text(
    6.5,
    3.25,
    f"{num_images}",
    color="white",
    ha="center",
    va="center",
    zorder=5,
  )
  return figure


def _arcs_to_sink(axes: Axes, centre: float, used: int, num_arcs: int) -> None:
  """Draws the arcs that images leave a category by, the used ones and a next.

  Args:
    axes: of the flow network.
    centre: height of the category.
    used: number of images in it.
    num_arcs: that there are, as many as images.
  """
  shown = min(used + 1, num_arcs)
  for c in range(shown):
    middle = centre + 0.27 * (c - (shown - 1) / 2)
    is_used = c < used
    line = {"color": CHOSEN, "lw": 1.8, "zorder": 3} if is_used else PALE
    axes.plot([4.18, 4.8, 5.35, 6.4], [centre, middle, middle, 3.25], **line)
    axes.text(
      5.08,
      middle,
      f"{c * PAIRWISE_WEIGHT:g}",
      ha="center",
      va="center",
      size=9,
      color=CHOSEN if is_used else INK,
      weight="bold" if is_used else "normal",
      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
      zorder=4,
    )


def _thumbnail(axes: Axes, image: np.ndarray, x: float, y: float) -> None:
  """Draws the central 14x14 pixels of an image around a point."""
  start = image.shape[0] // 2 - 7
  pixels = image[start : start + 14, start : start + 14]
  inset = axes.inset_axes(
    (x - 0.27, y - 0.27, 0.54, 0.54), transform=axes.transData
  )
  inset.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
  inset.set(xticks=[], yticks=[])


if __name__ == "__main__":
  main()
