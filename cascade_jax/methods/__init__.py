"""One file a method; each has a `build(config, image_shape) -> Method`.

The settings of a method here and their defaults are its `DEFAULTS`, where it
has some; they stand in the config under the method's name. (A module of your
own finds there what your config file sets.)
"""

import importlib
import pkgutil

from cascade_jax.errors import UserError
from cascade_jax.types import Method


def names() -> tuple[str, ...]:
  """The methods there are, for `config.method`."""
  shared = {"cascade", "coded", "vae"}
  found = {module.name for module in pkgutil.iter_modules(__path__)}
  return tuple(sorted(found - shared))


def defaults() -> dict[str, dict]:
  """The settings of each method that has its own, by its name."""
  modules = {name: _module(name) for name in names()}
  return {
    name: dict(module.DEFAULTS)
    for name, module in modules.items()
    if hasattr(module, "DEFAULTS")
  }


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method that `config.method` names, for images H, W, C.

  Another name is that of a module of your own, which can be imported and has
  such a `build`.

  Raises:
    UserError: there is no such method, or it can't run with this config.
  """
  name = config.method
  try:
    own = name not in names()
    module = importlib.import_module(name) if own else _module(name)
  except ModuleNotFoundError as error:
    if error.name != name:  # what the module itself imports
      raise UserError(f"config.method {name!r}: {error}") from error
    raise UserError(
      f"config.method is {name!r}; there are {', '.join(names())}, and modules "
      f"of your own where their folder is on PYTHONPATH ({error})"
    ) from error
  if not hasattr(module, "build"):
    raise UserError(
      f"config.method is {name!r}, a module without build(config, image_shape)"
    )
  return module.build(config, image_shape)


def _module(name: str):
  return importlib.import_module(f"{__name__}.{name}")
