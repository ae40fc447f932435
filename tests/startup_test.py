import importlib.metadata
import subprocess
import sys

import pytest

from cascade_jax import startup
from cascade_jax.errors import UserError


def run(code, **environment):
  import os

  return subprocess.run(
    [sys.executable, "-c", code],
    capture_output=True,
    text=True,
    env={**os.environ, **environment},
  )


@pytest.mark.parametrize(
  ("version", "expected"),
  [
    ((0, 7, 2), False),  # aborts on flags that it doesn't know
    ((0, 10, 1), False),
    ((0, 10, 2), True),
    ((0, 12, 0, 1), True),
    ((0, 13, 0), False),
  ],
)
def test_flag_is_set_for_the_builds_that_are_wrong(
  monkeypatch, version, expected
):
  monkeypatch.setattr(startup, "_jaxlib_version", lambda: version)
  monkeypatch.setenv("XLA_FLAGS", "--other=1")
  startup.set_flags()
  import os

  flags = os.environ["XLA_FLAGS"]
  assert flags.startswith("--other=1")
  assert ("-reduce" in flags) == expected
  startup.set_flags()
  assert os.environ["XLA_FLAGS"] == flags


def test_sums_are_right_here():
  startup.check_cpu_sums()


def test_wrong_sums_are_refused_with_the_versions_that_are_right(monkeypatch):
  monkeypatch.setattr("numpy.allclose", lambda *args, **kwargs: False)
  version = importlib.metadata.version("jaxlib")
  with pytest.raises(UserError, match=f"{version}.*0.7.2 to 0.10.1"):
    startup.check_cpu_sums()


def test_import_is_light():
  code = (
    "import time; started = time.perf_counter(); import cascade_jax, sys\n"
    "print(time.perf_counter() - started)\n"
    "heavy = {'tensorflow', 'tensorflow_datasets', 'matplotlib', 'ortools',"
    " 'h5py', 'orbax'} & sys.modules.keys()\n"
    "assert not heavy, heavy"
  )
  result = run(code)
  assert result.returncode == 0, result.stderr
