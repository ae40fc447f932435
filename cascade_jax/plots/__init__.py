"""Pictures of finished arrays; no model and no files."""

from cascade_jax.plots.charts import curves
from cascade_jax.plots.figures import (
  confusion,
  reconstructions,
  traversal_gif,
  traversal_grid,
)
from cascade_jax.plots.information import information

__all__ = (
  "confusion",
  "curves",
  "information",
  "reconstructions",
  "traversal_gif",
  "traversal_grid",
)
