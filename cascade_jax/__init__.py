"""CascadeVAE in JAX and Flax: continuous and discrete factors of images."""

from cascade_jax import startup as _startup

_startup.set_flags()  # before jax is imported below

from cascade_jax.assignment.flow import assign_codes  # noqa: E402
from cascade_jax.methods.cascade import Cascade  # noqa: E402
from cascade_jax.types import (  # noqa: E402
  Assignment,
  Posterior,
  Representation,
  Stage,
  StepMetrics,
)

__version__ = "0.1.0"

__all__ = (
  "Assignment",
  "Cascade",
  "Posterior",
  "Representation",
  "Stage",
  "StepMetrics",
  "assign_codes",
)
