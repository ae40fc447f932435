import gc
import os
import tempfile

import numpy as np
import pytest

# A program that several tests compile, also in processes of their own, is
# compiled by the first of them. Before jax is imported, which reads these.
_COMPILED = tempfile.TemporaryDirectory(prefix="compiled_")
os.environ["JAX_COMPILATION_CACHE_DIR"] = _COMPILED.name
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"

# ruff: noqa: E402
from cascade_jax import config as config_lib
from cascade_jax import data


@pytest.fixture
def collect_coroutines():
  """Collects what Orbax leaves behind when a restore fails halfway.

  It warns when it is collected, so that has to happen in the test that caused
  it and not in some later one.
  """
  yield
  gc.collect()


@pytest.fixture
def tiny_config():
  """A run of eight steps that goes through phases and the code's start."""
  config = config_lib.default()
  config.data.image_size = 16
  config.num_continuous = 3
  config.phase_steps = 2
  config.discrete_start_phase = 1
  config.batch_size = 4
  config.num_steps = 8
  config.log_every = 1
  config.checkpoint_every = 3
  config.learning_rate = 1e-3
  return config


@pytest.fixture
def images():
  """Four random binary images, 16x16, for a method's functions."""
  rng = np.random.default_rng(0)
  return np.asarray(rng.integers(0, 2, (4, 16, 16, 1)), np.float32)


@pytest.fixture
def tiny_dataset():
  """Random 16x16 images with two factors."""
  rng = np.random.default_rng(0)
  return data.from_arrays(
    "tiny",
    rng.integers(0, 2, (30, 16, 16, 1), dtype=np.uint8),
    factors=np.stack([np.arange(30) % 3, np.arange(30) // 3], axis=1),
    factor_names=("shape", "x"),
    class_factor="shape",
  )
