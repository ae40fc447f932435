"""CascadeVAE in JAX and Flax: continuous and discrete factors of images."""

from typing import Any

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
  "Model",
  "Posterior",
  "Representation",
  "Stage",
  "StepMetrics",
  "assign_codes",
  "load",
  "train",
)

_OF_MODEL = ("Model", "load", "train")


def __getattr__(name: str) -> Any:
  """Imports what trains and loads when it is first used: it takes seconds."""
  if name in _OF_MODEL:
    from cascade_jax import model

    return getattr(model, name)
  raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
