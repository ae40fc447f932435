"""Pictures of finished arrays and log entries; needs no model and no files.

The functions return matplotlib Figures; `traversal_gif` and `to_png` return the
content of a file.
"""

from cascade_jax.plots.categories import categories
from cascade_jax.plots.charts import curves
from cascade_jax.plots.confusion import confusion
from cascade_jax.plots.information import information
from cascade_jax.plots.reconstructions import reconstructions
from cascade_jax.plots.style import to_png
from cascade_jax.plots.traversals import traversal_gif, traversal_grid

__all__ = (
  "categories",
  "confusion",
  "curves",
  "information",
  "reconstructions",
  "to_png",
  "traversal_gif",
  "traversal_grid",
)
