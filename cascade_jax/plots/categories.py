"""Which category the images of each class get, by the value of a factor.

Shapes: S categories, C classes, V values of the factor.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.plots.style import INK, category_name

if TYPE_CHECKING:
  from matplotlib.axes import Axes
  from matplotlib.figure import Figure


def categories(
  shares: Mapping[int, np.ndarray],
  class_names: Sequence[str],
  factor_name: str,
) -> "Figure":
  """Returns a figure with a row of charts for each step, a column a class.

  Each chart stacks the shares of the categories over the values of the factor.
  If the categories are the classes, each chart has one shade. If they follow
  the factor instead, the shade changes within a chart.

  Args:
    shares: `[C, V, S]` by step; NaN where there is no image.
    class_names: C of them.
    factor_name: of the factor that the V values are of.

  Raises:
    UserError: there are no shares, or not a name for each class.
  """
  from matplotlib.figure import Figure
  from matplotlib.layout_engine import ConstrainedLayoutEngine

  if not shares or any(len(s) != len(class_names) for s in shares.values()):
    raise UserError(
      f"shares of {[len(s) for s in shares.values()]} classes at steps "
      f"{list(shares)} need a row for each of {list(class_names)}"
    )
  rows, columns = len(shares), len(class_names)
  figure = Figure(
    figsize=(1.2 + 2.1 * columns, 0.7 + 0.75 * rows),
    dpi=150,
    layout=ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.03),
  )
  places = figure.subplots(rows, columns, squeeze=False)
  for row, (step, of_step) in zip(places, shares.items()):
    for axes, name, of_class in zip(row, class_names, of_step):
      _draw_stack(axes, of_class)
      if axes in places[0]:
        axes.set_title(name, size=10, color=INK, parse_math=False)
    row[0].set_ylabel(
      f"{step:,}", size=9, color=INK, rotation=0, ha="right", va="center"
    )
  num_categories = next(iter(shares.values())).shape[-1]
  names = ", ".join(category_name(k) for k in range(num_categories))
  figure.supxlabel(
    f"{factor_name}; shades from light to dark: {names}", size=9, color=INK
  )
  figure.supylabel("step", size=9, color=INK)
  return figure


def _draw_stack(axes: "Axes", shares: np.ndarray) -> None:
  """Draws shares `[V, S]` as stacked bars without gaps."""
  tops = np.nan_to_num(shares).cumsum(axis=1)
  edges = np.arange(len(shares) + 1) - 0.5
  floor = np.zeros(len(shares))
  for top, shade in zip(tops.T, np.linspace(0.12, 0.85, tops.shape[1])):
    axes.stairs(top, edges, baseline=floor, fill=True, color=INK, alpha=shade)
    floor = top
  axes.set(xlim=(edges[0], edges[-1]), ylim=(0, 1), xticks=[], yticks=[])
  axes.spines[:].set_visible(False)
