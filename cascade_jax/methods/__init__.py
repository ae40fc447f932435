"""One file a method; each has a `build(config, image_shape) -> Method`."""

import importlib
import pkgutil

from cascade_jax.records import Method


def names() -> tuple[str, ...]:
  """The methods there are, for `config.method`."""
  return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method that `config.method` names, for images H, W, C.

  Raises:
    ValueError: there is no such method.
  """
  if config.method not in names():
    raise ValueError(
      f"config.method is {config.method!r}; there are {', '.join(names())}"
    )
  module = importlib.import_module(f"{__name__}.{config.method}")
  return module.build(config, image_shape)
