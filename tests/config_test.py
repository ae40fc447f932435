import re

import pytest

from cascade_jax import config as config_lib


def test_default_is_the_paper_and_passes():
  config = config_lib.default()
  config_lib.check(config)
  assert (config.num_continuous, config.num_categories) == (6, (3,))
  assert (config.beta_low, config.beta_high) == (1.0, 10.0)
  assert (config.num_steps, config.phase_steps) == (300_000, 20_000)


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


def test_several_replicas_keep_two_checkpoints():
  config = config_lib.default()
  config.num_replicas = 2
  config.keep_checkpoints = 1
  with pytest.raises(ValueError, match="config.keep_checkpoints is 1.*2 or"):
    config_lib.check(config)
  config.num_replicas = 1
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
