"""The discrete codes of a batch, from its unary costs.

`assign_codes` (one discrete variable) and `assign_joint_codes` (several) solve
on the host; `assign_categories` solves inside a compiled program. `gap_counts`
shows how clearly the unary costs decide.
"""

from cascade_jax.assignment.device import assign_categories
from cascade_jax.assignment.flow import (
  assign_codes,
  crowding_cost,
  integer_scale,
)
from cascade_jax.assignment.gaps import GAP_EDGES, gap_counts
from cascade_jax.assignment.joint import assign_each, assign_joint_codes

__all__ = (
  "GAP_EDGES",
  "assign_categories",
  "assign_codes",
  "assign_each",
  "assign_joint_codes",
  "crowding_cost",
  "gap_counts",
  "integer_scale",
)
