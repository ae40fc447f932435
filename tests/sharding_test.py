"""Programs of several replicas, on one device and on four."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest

from cascade_jax import sharding
from cascade_jax.backend import backend

ON_FOUR_DEVICES = """
import sys
import jax, numpy as np
from cascade_jax import config as config_lib, data, sharding
from cascade_jax.training import loop

# Two replicas of two devices each.
both = sharding.spread(2, num_devices=2)
assert both.size == 2 and both.mesh.devices.shape == (2, 2)
for place, shape in ((both.divide, (1, 3)), (both.gather, (1, 6))):
  placed = jax.jit(both.over(lambda _, x: place(2 * x)))((), np.zeros((2, 6)))
  assert {shard.data.shape for shard in placed.addressable_shards} == {shape}

assert sharding.spread(8).mesh.size == 4 and sharding.spread(8).size == 4
assert sharding.spread(6).mesh.size == 3 and sharding.spread(5).mesh.size == 1
config = config_lib.default()
config.data.image_size = 16
config.num_continuous = 3
config.phase_steps = 1
config.discrete_start_phase = 1
config.batch_size = 4
config.num_steps = 3
pixels = np.random.default_rng(0).integers(0, 2, (30, 16, 16, 1), np.uint8)
dataset = data.from_arrays("tiny", pixels, np.arange(30)[:, None] % 3)
config.num_replicas, config.evaluate_every = 4, 3
together = loop.train(config, sys.argv[1] + "/4", dataset)
config.num_replicas, config.evaluate_every, config.seed = 1, 0, 2
alone = loop.train(config, sys.argv[1] + "/1", dataset)
jax.tree.map(
  lambda x, y: np.testing.assert_allclose(x[2], y, rtol=1e-3, atol=2e-5),
  together,
  alone,
)
"""


def on_one_device(per_place):
  return sharding.on(jax.local_devices()[:1], per_place)


@pytest.mark.parametrize("per_place", [1, 3])
def test_each_replica_sees_its_own_arrays_and_the_shared_ones(per_place):
  shared = np.arange(4.0)
  own = np.arange(per_place)
  function = on_one_device(per_place).over(
    lambda shared, own, other: {"sum": shared.sum() + own * other}
  )
  result = jax.jit(function)(shared, own, own + 1)
  np.testing.assert_array_equal(result["sum"], 6 + own * (own + 1))


@pytest.mark.parametrize("per_place", [1, 3])
def test_unstacked_arrays_pass_from_one_program_to_the_next(per_place):
  """A replica alone on its place keeps them in their own shape."""
  spread = on_one_device(per_place)
  own = np.arange(2.0 * per_place).reshape(per_place, 2)
  first = jax.jit(spread.over(lambda _, own: sharding.Unstacked(2 * own)))
  second = jax.jit(spread.over(lambda _, passed: passed.arrays + 1))
  passed = first((), own)
  expected = (2,) if per_place == 1 else (per_place, 2)
  assert passed.arrays.shape == expected
  np.testing.assert_array_equal(second((), passed), 2 * own + 1)


def test_groups_join_to_the_trees_that_were_split():
  spread = on_one_device(per_place=2)
  trees = [{"a": np.full(3, k), "b": np.int32(k)} for k in range(6)]
  groups = spread.split(trees)
  assert len(groups) == 3 and groups[0]["a"].shape == (2, 3)
  for joined, tree in zip(spread.join(groups), trees):
    jax.tree.map(np.testing.assert_array_equal, joined, tree)


@pytest.mark.parametrize("stacks", [True, False])
def test_backend_says_whether_replicas_are_stacked(monkeypatch, stacks):
  decisions = backend()._replace(stacks_replicas=stacks)
  monkeypatch.setattr(sharding, "backend", lambda: decisions)
  num_devices = len(jax.local_devices())
  spread = sharding.spread(6 * num_devices)
  assert spread.size == (6 if stacks else 1) * num_devices


def test_run_on_four_devices_is_the_run_on_one(tmp_path):
  flags = os.environ.get("XLA_FLAGS", "")
  flags += " --xla_force_host_platform_device_count=4"
  flags += " --xla_backend_optimization_level=0"  # compiles in half the time
  subprocess.run(
    [sys.executable, "-W", "error", "-c", ON_FOUR_DEVICES, str(tmp_path)],
    env={**os.environ, "XLA_FLAGS": flags},
    check=True,
  )
