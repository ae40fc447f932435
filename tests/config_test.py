import inspect
import re

import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax import methods
from cascade_jax.errors import UserError
from cascade_jax.methods import registry


def test_defaults_are_the_paper_s_and_pass():
  config = config_lib.default()
  config_lib.check(config)
  assert (config.num_continuous, config.num_categories) == (6, (3,))
  assert (config.beta_low, config.beta_high) == (1.0, 10.0)
  assert (config.num_steps, config.phase_steps) == (300_000, 20_000)


def settings_of(builder):
  """Returns the defaults of a builder's free keyword arguments by name."""
  bound = getattr(builder, "keywords", {})  # of a functools.partial
  return {
    name: parameter.default
    for name, parameter in inspect.signature(builder).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in bound
  }


def test_defaults_are_those_of_cascade_vae():
  config = config_lib.default()
  for name, value in settings_of(methods.cascade_vae).items():
    if name in registry.SHARED_SETTINGS:
      assert config[name] == value, name


def test_shared_settings_stand_at_the_top():
  config = config_lib.default()
  assert set(config.keys()) >= registry.SHARED_SETTINGS


@pytest.mark.parametrize("name", methods.METHODS)
def test_every_setting_of_a_method_is_in_the_config(name):
  """Those that it does not share have the builder's default."""
  entry = methods.METHODS[name]
  config = config_lib.default()
  for setting, value in settings_of(entry.build).items():
    if setting not in registry.SHARED_SETTINGS:
      assert config[entry.group][setting] == value
    else:
      assert setting in config


@pytest.mark.parametrize(
  ("key", "value"),
  [
    ("num_continuous", 0),
    ("num_categories", (1,)),
    ("num_categories", (3, 1)),
    ("num_categories", ()),
    ("batch_size", 0),
    ("num_steps", 0),
    ("phase_steps", 0),
    ("seed", -1),
    ("seed", 2**31),
    ("beta_low", -1.0),
    ("beta_low", 11.0),
    ("beta_high", float("nan")),
    ("pairwise_weight", -0.1),
    ("learning_rate", 0.0),
    ("learning_rate", float("inf")),
    ("likelihood", "poisson"),
    ("log_every", 0),
    ("solver", "gpu"),
    ("num_replicas", 0),
    ("num_replicas", 2**31),
    ("evaluate_every", -1),
    ("evaluate_every_images", 0),
  ],
)
def test_bad_values_are_named(key, value):
  config = config_lib.default()
  config[key] = value
  with pytest.raises(ValueError, match=re.escape(f"config.{key} is {value!r}")):
    config_lib.check(config)


@pytest.mark.parametrize(
  ("settings", "message"),
  [
    ({"warm_up_steps": (5,)}, "name as many steps as weights"),
    (
      {"warm_up_weights": (-1.0,), "warm_up_steps": (5,)},
      "config.cascade_vae.warm_up_weights is -1.0",
    ),
    (
      {"warm_up_weights": (20.0,), "warm_up_steps": (0,)},
      "config.cascade_vae.warm_up_steps is 0",
    ),
    ({"taught_phases": -1}, "config.cascade_vae.taught_phases is -1"),
    ({"guess_cut": "k-means"}, "guess_cut is 'k-means'; it must be one of"),
    ({"guess_registration": "icp"}, "guess_registration is 'icp'; it must be"),
    ({"learning_rate_phases": (3,)}, "name a factor for each phase"),
    (
      {"learning_rate_phases": (3, 2), "learning_rate_factors": (1.0, 2.0)},
      "phases in ascending order",
    ),
    (
      {"learning_rate_phases": (3,), "learning_rate_factors": (-1.0,)},
      "config.cascade_vae.learning_rate_factors is -1.0",
    ),
  ],
)
def test_bad_settings_of_the_recipe_are_named(settings, message):
  config = config_lib.default()
  config.cascade_vae.update(settings)
  with pytest.raises(UserError, match=re.escape(message)):
    config_lib.check(config)


def test_codes_of_several_variables_are_not_taught():
  config = config_lib.default()
  config.num_categories = (2, 3)
  config.cascade_vae.taught_phases = 1
  with pytest.raises(UserError, match="taught_phases is 1, but num_categories"):
    config_lib.check(config)


def test_several_replicas_keep_two_checkpoints():
  config = config_lib.default()
  config.num_replicas = 2
  config.keep_checkpoints = 1
  with pytest.raises(ValueError, match="config.keep_checkpoints is 1.*2 or"):
    config_lib.check(config)
  config.num_replicas = 1
  config_lib.check(config)


def test_several_variables_are_solved_for_on_the_host_alone():
  config = config_lib.default()
  config.num_categories, config.solver = (2, 3), "device"
  with pytest.raises(UserError, match="only --config.solver=host"):
    config_lib.check(config)
  config.method = "joint_vae"  # solves for no codes
  config_lib.check(config)


def test_last_seed_is_checked():
  config = config_lib.default()
  config.seed, config.num_replicas = 2**31 - 1, 2
  with pytest.raises(ValueError, match="config.num_replicas is 2; the last"):
    config_lib.check(config)


def test_bad_image_size_is_named():
  config = config_lib.default()
  config.data.image_size = 48
  with pytest.raises(ValueError, match="image_size is 48"):
    config_lib.check(config)


@pytest.mark.parametrize("key", ["batch_size", "evaluation_images"])
def test_more_than_the_data_is_named(key):
  config = config_lib.default()
  config[key] = 101
  with pytest.raises(ValueError, match=f"config.{key} is 101.*100 images"):
    config_lib.check_against_data(config, 100, (32, 32, 1))


@pytest.mark.parametrize("shape", [(40, 40, 1), (32, 64, 1)])
def test_images_that_the_networks_do_not_take_are_named(shape):
  size = f"images of {shape[0]}x{shape[1]} pixels"
  with pytest.raises(ValueError, match=size):
    config_lib.check_against_data(config_lib.default(), 100, shape)


DEFAULTS = dict(config_lib.flat(config_lib.default()))
BAD_VALUES = ("many", "", float("nan"), float("inf"), -1, 2**40, 1e300, 2.5)


def with_value(key, value):
  """Returns the default with a value; of a method that reads it."""
  config = config_lib.default()
  group, _, name = key.rpartition(".")
  if group in methods.METHODS:
    config.method = group
  (config[group] if group else config)[name] = value
  return config


@pytest.mark.parametrize("value", BAD_VALUES)
@pytest.mark.parametrize("key", DEFAULTS)
def test_each_value_of_each_key_is_refused_in_one_line_or_runs(key, value):
  values = (value,)
  if isinstance(DEFAULTS[key], tuple):
    values = (value, (value,), (3, value))
  for each in values:
    try:
      config = with_value(key, each)
    except (TypeError, ValueError):  # which the command line shows as one line
      continue
    try:
      config_lib.check(config)
    except UserError as error:
      assert "\n" not in str(error) and key in str(error)
      continue
    numbers = each if isinstance(each, tuple) else (each,)
    for number in numbers:
      assert isinstance(number, str) or abs(number) <= np.finfo(np.float32).max


@pytest.mark.parametrize(
  ("settings", "message"),
  [
    (
      {"pairwise_weight": 1e17},
      "pairwise_weight is 1e\\+17; it must be at most",
    ),
    ({"beta_high": 1e300}, "beta_high is 1e\\+300; .* up to 3.4e\\+38"),
    ({"phase_steps": 2**31}, "phase_steps is 2147483648; .* below 2\\*\\*31"),
    ({"num_continuous": 10**6}, "num_continuous is 1000000; .* 1 to 1000"),
    ({"num_categories": (99, 999)}, "98901 joint codes, .* 10000 at most"),
    ({"num_replicas": 2000}, "num_replicas is 2000; it must be 1000 or less"),
    (
      {"method": "factor_vae", "factor_vae": {"discriminator_units": 2**30}},
      "discriminator_units is 1073741824; .* 1 to 100000",
    ),
    (
      {"method": "aae", "aae": {"discriminator_units": 2**30}},
      "aae.discriminator_units is 1073741824",
    ),
    (
      {"cascade_vae": {"warm_up_weights": (1.0,), "warm_up_steps": (2.5,)}},
      "warm_up_steps is 2.5; it must be an integer",
    ),
    (
      {"cascade_vae": {"warm_up_weights": ("a",), "warm_up_steps": (2,)}},
      "warm_up_weights is a; it must be a finite number",
    ),
    ({"method": ""}, "config.method is ''; there are aae, "),
    ({"method": "../mine"}, "config.method is '../mine'; there are aae, "),
  ],
)
def test_limits_are_stated(settings, message):
  config = config_lib.default()
  config.update(settings)
  with pytest.raises(UserError, match=message):
    config_lib.check(config)


def test_a_weight_at_the_stated_limit_is_solved_for():
  config = config_lib.default()
  config.pairwise_weight = 1e15
  with pytest.raises(UserError) as refused:
    config_lib.check(config)
  limit = re.search(r"at most (\S+) to", str(refused.value)).group(1)
  config.pairwise_weight = 0.99 * float(limit)
  config_lib.check(config)
