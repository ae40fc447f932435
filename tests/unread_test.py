import pytest

from cascade_jax import config as config_lib
from cascade_jax import data, methods, unread
from cascade_jax.errors import UserError
from cascade_jax.methods import registry


@pytest.mark.parametrize(
  ("method", "key"),
  [
    ("factor_vae", "beta_high"),
    ("factor_vae", "num_categories"),
    ("factor_vae", "joint_vae.gamma"),
    ("factor_vae", "solver"),
    ("cascade_vae_c", "discrete_start_phase"),
    ("cascade_vae_c", "pairwise_weight"),
    ("beta_vae", "factor_vae.gamma"),
    ("joint_vae", "reset_adam_at_phase"),
  ],
)
def test_keys_that_a_method_does_not_read_are_refused(method, key):
  config = config_lib.default()
  config.method = method
  with pytest.raises(UserError) as refused:
    unread.check(config, [key])
  message = str(refused.value)
  assert f"config.{key} has no effect" in message
  assert f"method {method!r}" in message
  assert "\n" not in message
  named = message.partition("Its settings are ")[2].split(", ")
  assert set(named) == registry.reads(method)


def test_refusal_names_the_settings_of_the_group():
  config = config_lib.default()
  config.method = "factor_vae"
  with pytest.raises(
    UserError, match=r"batch_size, factor_vae\.discriminator_"
  ):
    unread.check(config, ["beta_high"])


@pytest.mark.parametrize("name", methods.METHODS)
def test_keys_that_a_method_or_the_loop_reads_are_accepted(name):
  config = config_lib.default()
  config.method = name
  loop_keys = ["num_steps", "batch_size", "seed", "num_replicas", "log_every"]
  data_keys = ["method", "data.name", "data.image_size"]
  unread.check(config, [*registry.reads(name), *loop_keys, *data_keys])


def test_each_data_set_names_the_options_that_it_reads():
  options = set(config_lib.default().data)
  read = {name: data.reads(name) for name in (*data.NAMES, data.GIVEN)}
  assert all(each is not None and each < options for each in read.values())
  assert {"name"}.union(*read.values()) == options
  assert data.reads("mine") is None


def test_solver_is_read_where_codes_are_solved_for():
  unread.check(config_lib.default(), ["solver", "pairwise_weight", "beta_high"])


def test_keys_of_a_method_of_the_user_s_own_are_not_checked():
  config = config_lib.default()
  config.method = "my_vae"
  unread.check(config, ["beta_high", "my_vae.strength"])


@pytest.mark.parametrize(
  ("name", "key", "readers"),
  [
    ("dsprites", "data.path", "dsprites_file, dsprites_tfds, arrays, folder"),
    ("digits", "data.image_size", "dsprites, dsprites_file"),
    ("folder", "data.tfds", "does: tfds"),
    (data.GIVEN, "data.fit", "arrays, folder, idx, tfds"),
  ],
)
def test_options_that_a_data_set_does_not_read_are_refused(name, key, readers):
  config = config_lib.default()
  config.data.name = name
  message = f"config.{key} has no effect: data set {name!r} .*{readers}"
  with pytest.raises(UserError, match=message):
    unread.check(config, [key])
  config.data.name = "mine"  # which the loader refuses
  unread.check(config, [key])


def test_a_file_s_settings_are_checked_for_what_the_file_chose():
  config = config_lib.default()
  config.data.path = "mine.npz"
  config.aae.discriminator_units = 5
  config.beta_high = 3.0  # may be shared by the variants of the file
  keys = ["data.path", "aae.discriminator_units"]
  assert sorted(unread.keys_of_file(config, [])) == sorted(keys)
  assert unread.keys_of_file(config, ["data.name"]) == keys[1:]
  assert unread.keys_of_file(config, ["method"]) == keys[:1]
