"""CascadeVAE in JAX and Flax: continuous and discrete factors of images."""

import importlib
from typing import TYPE_CHECKING, Any

from cascade_jax import startup as _startup

if TYPE_CHECKING:
  from cascade_jax.assignment.flow import assign_codes
  from cascade_jax.methods.cascade import Cascade
  from cascade_jax.model.load import load
  from cascade_jax.model.model import Model
  from cascade_jax.model.train import train
  from cascade_jax.types import (
    Assignment,
    Posterior,
    Representation,
    Stage,
    StepMetrics,
  )

_startup.set_flags()  # before jax is imported

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

_MODULES = {
  **dict.fromkeys(("Model", "load", "train"), "model"),
  "Cascade": "methods.cascade",
  "assign_codes": "assignment.flow",
}


def __getattr__(name: str) -> Any:
  """Imports what is used when it is first used: with jax it takes seconds."""
  if name in __all__:
    module = f"cascade_jax.{_MODULES.get(name, 'types')}"
    return getattr(importlib.import_module(module), name)
  raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
