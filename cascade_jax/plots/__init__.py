"""Pictures of finished arrays; no model and no files."""

from cascade_jax.plots.charts import curves
from cascade_jax.plots.figures import (
  confusion,
  reconstructions,
  traversal_gif,
  traversal_grid,
)

__all__ = (
  "confusion",
  "curves",
  "reconstructions",
  "traversal_gif",
  "traversal_grid",
)
