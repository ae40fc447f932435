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
from tests.helpers import tiny_run


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
