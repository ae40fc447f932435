"""A model whose batch several devices divide, on eight devices of the host."""

import os
import subprocess
import sys

import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax import sharding
from cascade_jax.errors import UserError
from cascade_jax.runs import log_file
from tests.helpers.tiny_run import tiny_config

LEARNING_RATE = tiny_config().learning_rate


def test_batches_that_can_not_be_divided_are_refused(tiny_config):
  tiny_config.num_devices, tiny_config.batch_size = 3, 64
  with pytest.raises(UserError, match="is 3, which must divide .*size, 64"):
    config_lib.check(tiny_config)


def test_more_devices_than_there_are_are_refused():
  with pytest.raises(UserError, match=r"is 16, but JAX has \d+ cpu device"):
    sharding.spread(1, num_devices=16)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
  """The folder of all runs."""
  folder = tmp_path_factory.mktemp("devices")
  flags = os.environ.get("XLA_FLAGS", "")
  flags += " --xla_force_host_platform_device_count=8"
  subprocess.run(
    [sys.executable, "-W", "error", "-m", "tests.helpers.on_devices", folder],
    env={**os.environ, "XLA_FLAGS": flags},
    check=True,
  )
  return folder


def params(folder):
  with np.load(folder / "params.npz") as arrays:
    return [arrays[name] for name in arrays.files]


def assert_same_run(folder, expected, replica=None):
  """Codes, steps and phases are equal; sums agree to rounding."""
  log = folder if replica is None else folder / f"seed_{replica}"
  for entry, other in zip(
    log_file.read(log), log_file.read(expected), strict=True
  ):
    for key in ("step", "phase", "categories", "gap_counts", "flow_differs"):
      assert entry.get(key) == other.get(key), key
    for key in ("loss", "reconstruction", "kl"):
      np.testing.assert_allclose(entry[key], other[key], rtol=1e-4, atol=1e-5)
  for leaf, other in zip(params(folder), params(expected), strict=True):
    difference = np.abs((leaf if replica is None else leaf[replica]) - other)
    # Adam's first steps are as large where a gradient is nearly zero.
    assert difference.mean() < 1e-6 and difference.max() < 4 * LEARNING_RATE


@pytest.mark.parametrize(
  "name", ["two", "four", "eight", "solved_on_device", "streamed"]
)
def test_a_run_is_the_same_on_any_number_of_devices(runs, name):
  assert_same_run(runs / name, runs / "one")


def test_replicas_may_have_several_devices_each(runs):
  for name in ("two_replicas", "streamed_replicas"):
    assert_same_run(runs / name, runs / "one", replica=0)


def test_a_run_goes_on_with_another_number_of_devices(runs):
  assert_same_run(runs / "resumed", runs / "one")
