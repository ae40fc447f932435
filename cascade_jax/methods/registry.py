"""All methods by name, and the map from a run's config to a method.

A method's settings are the keyword arguments of its builder. Those that several
methods share stand at the top of the config; the others stand in a group of
their own, with the builder's defaults.
"""

import importlib
import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import ml_collections

from cascade_jax.errors import UserError
from cascade_jax.methods.aae import ABOUT as AAE
from cascade_jax.methods.aae import ABOUT_SUPERVISED as AAE_S
from cascade_jax.methods.aae import aae, aae_s
from cascade_jax.methods.beta_tcvae import ABOUT as BETA_TCVAE
from cascade_jax.methods.beta_tcvae import beta_tcvae
from cascade_jax.methods.beta_vae import ABOUT as BETA_VAE
from cascade_jax.methods.beta_vae import ABOUT_ANNEALED as BETA_VAE_ANNEALED
from cascade_jax.methods.beta_vae import beta_vae
from cascade_jax.methods.cascade_vae import ABOUT as CASCADE_VAE
from cascade_jax.methods.cascade_vae import ABOUT_CONTINUOUS as CASCADE_VAE_C
from cascade_jax.methods.cascade_vae import (
  ABOUT_TAUGHT as CASCADE_VAE_TAUGHT,
)
from cascade_jax.methods.cascade_vae import cascade_vae, cascade_vae_c
from cascade_jax.methods.factor_vae import ABOUT as FACTOR_VAE
from cascade_jax.methods.factor_vae import factor_vae
from cascade_jax.methods.joint_vae import ABOUT as JOINT_VAE
from cascade_jax.methods.joint_vae import joint_vae
from cascade_jax.methods.method import About, Method

# Keyword arguments of builders that stand at the top of a config.
SHARED_SETTINGS = frozenset(
  {
    "num_continuous",
    "num_categories",
    "beta_low",
    "beta_high",
    "phase_steps",
    "discrete_start_phase",
    "reset_adam_at_phase",
    "likelihood",
    "learning_rate",
    "weight_penalty",
    "fast_networks",
    "batch_size",
  }
)


class Entry(NamedTuple):
  """One method.

  Attributes:
    build: `(image_shape, **settings) -> Method`.
    about: where it is from.
    group: of its own settings in the config.
  """

  build: Callable[..., Method]
  about: About
  group: str


METHODS: dict[str, Entry] = {
  "cascade_vae": Entry(cascade_vae, CASCADE_VAE, "cascade_vae"),
  "cascade_vae_c": Entry(cascade_vae_c, CASCADE_VAE_C, "cascade_vae"),
  "beta_vae": Entry(beta_vae, BETA_VAE, "beta_vae"),
  "beta_tcvae": Entry(beta_tcvae, BETA_TCVAE, "beta_tcvae"),
  "factor_vae": Entry(factor_vae, FACTOR_VAE, "factor_vae"),
  "joint_vae": Entry(joint_vae, JOINT_VAE, "joint_vae"),
  "aae": Entry(aae, AAE, "aae"),
  "aae_s": Entry(aae_s, AAE_S, "aae"),
}


def groups() -> dict[str, dict[str, Any]]:
  """Returns the default settings of each group of the config."""
  defaults: dict[str, dict[str, Any]] = {}
  for entry in METHODS.values():
    settings = {
      name: parameter.default
      for name, parameter in _settings(entry.build).items()
      if name not in SHARED_SETTINGS
    }
    if settings:
      defaults[entry.group] = defaults.get(entry.group, {}) | settings
  return defaults


def reads(name: str) -> frozenset[str] | None:
  """Returns the config's keys that a method reads, "group.key" for its own.

  None for a method of the user's own, of which nothing is known.
  """
  if name not in METHODS:
    return None
  entry = METHODS[name]
  return frozenset(
    key if key in SHARED_SETTINGS else f"{entry.group}.{key}"
    for key in _settings(entry.build)
  )


def about(config: Mapping[str, Any]) -> About | None:
  """Returns where a config's method is from; None for one of the user's own."""
  name = config.get("method")
  if name == "beta_vae" and (config.get("beta_vae") or {}).get("capacity"):
    return BETA_VAE_ANNEALED
  settings = config.get("cascade_vae") or {}
  if name == "cascade_vae" and settings.get("taught_phases"):
    return CASCADE_VAE_TAUGHT
  return METHODS[name].about if name in METHODS else None


def build(
  config: ml_collections.ConfigDict, image_shape: tuple[int, int, int]
) -> Method:
  """Returns the method that `config.method` names, for images H, W, C.

  A name that is not in `METHODS` is that of a module of the user's own, which
  can be imported and has a function `build(config, image_shape) -> Method`.

  Args:
    config: of the run, checked.
    image_shape: H, W, C.

  Raises:
    UserError: there is no such method, or it cannot run with this config.
  """
  if config.method not in METHODS:
    return own_module(config.method).build(config, image_shape)
  entry = METHODS[config.method]
  settings = {
    name: config[name] if name in SHARED_SETTINGS else config[entry.group][name]
    for name in _settings(entry.build)
  }
  if "num_categories" in settings:
    settings["num_categories"] = tuple(settings["num_categories"])
  try:
    return entry.build(image_shape, **settings)
  except UserError as error:  # its message starts with the setting
    raise UserError(f"config.{error}") from error


def _settings(builder: Callable[..., Method]) -> dict[str, inspect.Parameter]:
  """Returns a builder's keyword-only parameters by name, but for bound ones."""
  bound = getattr(builder, "keywords", {})  # of a functools.partial
  return {
    name: parameter
    for name, parameter in inspect.signature(builder).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in bound
  }


def own_module(name: str) -> ModuleType:
  """Imports the user's module of that name, which must have a `build`."""
  if not all(part.isidentifier() for part in name.split(".")):
    raise UserError(
      f"config.method is {name!r}; there are {', '.join(sorted(METHODS))}, and "
      "modules of your own, by their name as in an import"
    )
  try:
    module = importlib.import_module(name)
  except ModuleNotFoundError as error:
    if error.name != name:  # something that the module itself imports
      raise UserError(f"config.method {name!r}: {error}") from error
    raise UserError(
      f"config.method is {name!r}; there are {', '.join(sorted(METHODS))}, and "
      f"modules of your own whose folder is on PYTHONPATH ({error})"
    ) from error
  if not hasattr(module, "build"):
    raise UserError(
      f"config.method is {name!r}, a module without build(config, image_shape)"
    )
  return module
