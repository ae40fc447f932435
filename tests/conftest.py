import gc
import os
import pathlib
import sys
import tempfile

import numpy as np
import pytest

# A program that several tests compile, also in other processes and in later
# runs, is compiled once. JAX's keys hold the program, the options and the
# version, so old entries do no harm; `make clean` removes them with the
# environment. All of this before jax is imported, which reads the variables.
if sys.prefix == sys.base_prefix:  # no environment of our own to write to
  _COMPILED = tempfile.TemporaryDirectory(prefix="compiled_")
  os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", _COMPILED.name)
else:
  _COMPILED = pathlib.Path(sys.prefix) / "compiled"
  os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_COMPILED))
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
# XLA warns of each entry that two tuning preferences (prefer-no-gather and
# prefer-no-scatter) aren't features of this machine, at the level of errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

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
