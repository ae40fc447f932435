import json
import subprocess

import jax
import pytest

from cascade_jax.runs import provenance as provenance_lib
from cascade_jax.runs.provenance import provenance


def test_provenance_names_time_device_and_versions():
  described = provenance()
  assert json.loads(json.dumps(described)) == described
  assert described["started"].endswith("+00:00")
  assert jax.devices()[0].device_kind in described["device"]
  assert "host cores" in described["device"]
  assert described["versions"]["jax"] == jax.__version__
  assert described["python"].startswith("3.")


@pytest.mark.parametrize(
  "error",
  [FileNotFoundError("git"), subprocess.CalledProcessError(128, "git")],
)
def test_without_git_the_commit_is_none(monkeypatch, error):
  def fail(*args, **kwargs):
    raise error

  monkeypatch.setattr(provenance_lib.subprocess, "check_output", fail)
  assert provenance()["git_commit"] is None
