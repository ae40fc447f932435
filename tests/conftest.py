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
# Programs of tests are tiny: optimising them takes longer than running them.
# `XLA_FLAGS= make test` tests the optimised programs.
os.environ.setdefault(
  "XLA_FLAGS",
  "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)
# XLA warns of each entry that two tuning preferences (prefer-no-gather and
# prefer-no-scatter) aren't features of this machine, at the level of errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tests.helpers import properties, tiny_run

properties.register_profiles()


@pytest.fixture
def collect_coroutines():
  """Collects the coroutines that Orbax leaves when a restore fails halfway.

  Python warns of them when they are collected, which has to happen in the test
  that caused them and not in some later one.
  """
  yield
  gc.collect()


@pytest.fixture
def tiny_config():
  """See `tiny_run.tiny_config`; for a test to change."""
  return tiny_run.tiny_config()


@pytest.fixture
def images():
  """Four random binary images, 16x16, for a method's functions."""
  rng = np.random.default_rng(0)
  return np.asarray(rng.integers(0, 2, (4, 16, 16, 1)), np.float32)


@pytest.fixture(scope="session")
def tiny_dataset():
  """See `tiny_run.tiny_dataset`."""
  return tiny_run.tiny_dataset()
