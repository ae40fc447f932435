"""The confusion matrix of categories and classes.

Shapes: S categories, K classes.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.plots.style import INK, category_name

if TYPE_CHECKING:
  from matplotlib.axes import Axes
  from matplotlib.figure import Figure

_MAX_LEVEL_NAME = 10  # letters of a class above its cells; longer ones slant


def confusion(
  counts: np.ndarray,
  class_names: Sequence[str],
  relabelling: Sequence[int] | None = None,
) -> "Figure":
  """Returns a figure of the counts, with the percentage of each class.

  Args:
    counts: `[S, K]`, the number of images of each category and class.
    class_names: K of them.
    relabelling: `[S]`, the class matched to each category, to be outlined; -1
      for none.

  Raises:
    UserError: the number of names isn't the number of columns.
  """
  from matplotlib.figure import Figure
  from matplotlib.layout_engine import ConstrainedLayoutEngine

  counts = np.asarray(counts)
  if counts.ndim != 2 or counts.shape[1] != len(class_names):
    raise UserError(
      f"counts of shape {counts.shape} need two axes and a class name for each "
      f"column; there are {len(class_names)} names"
    )
  rows, columns = counts.shape
  size = (1.2 + 1.25 * columns, 0.9 + 0.75 * rows)
  layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
  figure = Figure(figsize=size, dpi=150, layout=layout)
  axes = figure.subplots()
  _draw_cells(axes, counts, relabelling)
  axes.set(xlim=(0, columns), ylim=(rows, 0))
  axes.set_xticks(np.arange(columns) + 0.5, class_names, parse_math=False)
  names = [category_name(k) for k in range(rows)]
  axes.set_yticks(np.arange(rows) + 0.5, names)
  axes.tick_params(length=0, colors=INK, top=True, labeltop=True, bottom=False)
  axes.tick_params(labelbottom=False, labelsize=11)
  if max(map(len, class_names)) > _MAX_LEVEL_NAME:
    for label in axes.get_xticklabels():
      label.set(rotation=30, ha="left", rotation_mode="anchor")
  note = "number of images, and % of the class"
  if relabelling is not None:
    note += "\noutlined: the class matched to the category"
  axes.set_title("class", size=10, color=INK, alpha=0.75)
  axes.set_ylabel("category", size=10, color=INK, alpha=0.75)
  axes.set_xlabel(note, size=9, color=INK, alpha=0.75, labelpad=8)
  axes.spines[:].set_visible(False)
  return figure


def _draw_cells(
  axes: "Axes", counts: np.ndarray, relabelling: Sequence[int] | None
) -> None:
  """Draws a cell for each count, shaded by its share of the class."""
  from matplotlib.patches import Rectangle

  shares = counts / np.maximum(counts.sum(axis=0), 1)
  for (r, c), share in np.ndenumerate(shares):
    box = ((c + 0.02, r + 0.02), 0.96, 0.96)
    axes.add_patch(Rectangle(*box, color="#0072b2", alpha=0.55 * share, lw=0))
    if relabelling is not None and relabelling[r] == c:
      axes.add_patch(Rectangle(*box, fill=False, ec=INK, lw=1.8))
    text = f"{counts[r, c]:,}\n{share:.1%}"
    axes.text(c + 0.5, r + 0.5, text, ha="center", va="center", color=INK)
