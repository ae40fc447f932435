import importlib.metadata
import os
import subprocess
import sys

import pytest

from cascade_jax import startup
from cascade_jax.errors import UserError


@pytest.mark.parametrize(
  ("version", "expected"),
  [
    ((0, 7, 2), False),  # would abort on the unknown flag
    ((0, 10, 1), False),
    ((0, 10, 2), True),
    ((0, 12, 0, 1), True),
    ((0, 13, 0), False),
  ],
)
def test_flag_is_set_for_the_builds_with_wrong_sums(
  monkeypatch, version, expected
):
  monkeypatch.setattr(startup, "_jaxlib_version", lambda: version)
  monkeypatch.setenv("XLA_FLAGS", "--other=1")
  startup.set_flags()
  flags = os.environ["XLA_FLAGS"]
  assert flags.startswith("--other=1")
  assert ("-reduce" in flags) == expected
  startup.set_flags()
  assert os.environ["XLA_FLAGS"] == flags


def test_sums_of_this_build_are_right():
  startup.check_cpu_sums()


def test_error_about_wrong_sums_names_the_right_versions(monkeypatch):
  monkeypatch.setattr("numpy.allclose", lambda *args, **kwargs: False)
  version = importlib.metadata.version("jaxlib")
  with pytest.raises(UserError, match=f"{version}.*0.7.2 to 0.10.1"):
    startup.check_cpu_sums()


def test_import_loads_no_heavy_packages():
  code = (
    "import cascade_jax, sys\n"
    "import cascade_jax.commands.launch, cascade_jax.commands.console\n"
    "assert 'jax' not in sys.modules\n"
    "cascade_jax.assign_codes, cascade_jax.Cascade\n"
    "heavy = {'tensorflow', 'tensorflow_datasets', 'matplotlib', 'ortools',"
    " 'h5py', 'orbax'} & sys.modules.keys()\n"
    "assert not heavy, heavy"
  )
  command = [sys.executable, "-c", code]
  result = subprocess.run(command, capture_output=True, text=True)
  assert result.returncode == 0, result.stderr
