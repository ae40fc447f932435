"""Programs of several replicas, on one device and on four."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest

from cascade_jax import sharding

ON_FOUR_DEVICES = """
import sys
import jax, numpy as np
from cascade_jax import config as config_lib, data, spread, train_loop

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
together = train_loop.train(config, sys.argv[1] + "/4", dataset)
config.num_replicas, config.evaluate_every, config.seed = 1, 0, 2
alone = train_loop.train(config, sys.argv[1] + "/1", dataset)
jax.tree.map(
  lambda x, y: np.testing.assert_allclose(x[2], y, rtol=1e-3, atol=2e-5),
  together,
  alone,
)
"""


def over(function, *arguments, per_device):
  held = sharding.on(jax.local_devices()[:1], per_device)
  return jax.jit(held.over(function))(*arguments)


@pytest.mark.parametrize("per_device", [1, 3])
def test_each_replica_sees_its_own_and_the_shared(per_device):
  shared = np.arange(4.0)
  mine = np.arange(per_device)
  result = over(
    lambda shared, mine, other: {"sum": shared.sum() + mine * other},
    shared,
    mine,
    mine + 1,
    per_device=per_device,
  )
  np.testing.assert_array_equal(result["sum"], 6 + mine * (mine + 1))


def test_groups_join_to_what_they_were_split_from():
  held = sharding.on(jax.local_devices()[:1], per_device=2)
  trees = [{"a": np.full(3, k), "b": np.int32(k)} for k in range(6)]
  groups = held.split(trees)
  assert len(groups) == 3 and groups[0]["a"].shape == (2, 3)
  for joined, tree in zip(held.join(groups), trees):
    jax.tree.map(np.testing.assert_array_equal, joined, tree)


def test_run_on_four_devices_is_the_run_on_one(tmp_path):
  flags = os.environ.get("XLA_FLAGS", "")
  flags += " --xla_force_host_platform_device_count=4"
  subprocess.run(
    [sys.executable, "-W", "error", "-c", ON_FOUR_DEVICES, str(tmp_path)],
    env={**os.environ, "XLA_FLAGS": flags},
    check=True,
  )
