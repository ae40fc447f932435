"""Every variant of every config file can be built."""

import importlib

import pytest

from cascade_jax import config as config_lib
from cascade_jax import methods, unread
from cascade_jax.configs import (
  NAMES,
  compact,
  demo,
  digits,
  dsprites,
  mnist,
  own,
  smoke,
  upright,
)

WITHVARIANTS = [dsprites, compact, upright, digits]
ALL = [*WITHVARIANTS, demo, mnist, own, smoke]
VARIANTS = [
  (module, name) for module in WITHVARIANTS for name in module.VARIANTS
]


@pytest.mark.parametrize(
  ("module", "variant"),
  VARIANTS,
  ids=[
    f"{module.__name__.rpartition('.')[2]}:{name}" for module, name in VARIANTS
  ],
)
def test_variants_can_be_built(module, variant):
  config = module.get_config(variant)
  config_lib.check(config)
  unread.check(config, unread.keys_of_file(config, []))
  size = config.data.image_size
  method = methods.build(config, (size, size, 1))
  kl_weights = method.schedule(0).kl_weights
  if "cascade" in config.method or kl_weights is not None:
    assert len(kl_weights) == config.num_continuous


def test_the_same_methods_have_both_sizes():
  full, small = (
    {module.get_config(name).method for name in module.VARIANTS}
    for module in (dsprites, upright)
  )
  assert full == small <= set(methods.METHODS)


@pytest.mark.parametrize("module", ALL)
def test_config_files_for_the_launchers_hold_the_same(module):
  name = module.__name__.rpartition(".")[2]
  launched = importlib.import_module(f"experiments.configs.{name}")
  assert launched.get_config is module.get_config


def test_all_names_are_those_of_config_files():
  assert {f"cascade_jax.configs.{name}" for name in NAMES} == {
    module.__name__ for module in ALL
  }


def test_defaults_are_cascade_vae():
  for module in ALL:
    assert module.get_config().method == "cascade_vae"


@pytest.mark.parametrize("module", WITHVARIANTS)
def test_unknown_variants_are_named(module):
  with pytest.raises(
    ValueError, match="variant .vae. of the config is unknown"
  ):
    module.get_config("vae")
