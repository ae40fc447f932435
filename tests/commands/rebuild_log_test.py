"""The flag that rebuilds a damaged log."""

import pytest

from cascade_jax import config as config_lib
from cascade_jax.runs import log_file, workdir
from tests.helpers.launcher import call
from tests.helpers.reported_run import log_entry


@pytest.fixture
def damaged(tmp_path):
  """The folder of a run that can't be trained, and whose log is damaged."""
  config = config_lib.default()
  config.batch_size = 0
  workdir.record_config(tmp_path, config)
  path = tmp_path / log_file.NAME
  log_file.write(path, [log_entry(step) for step in (1, 2, 3)])
  path.write_bytes(path.read_bytes().replace(b'"step": 2', b'"step": x'))
  return tmp_path


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_a_damaged_log_is_refused_and_rebuilt_on_demand(damaged, command):
  arguments = [f"--workdir={damaged}"]
  if command == "train":
    arguments += ["--config=dsprites", "--config.batch_size=0"]
  else:
    refused = call(command, *arguments).stderr
    assert "UserError" in refused and "metrics.jsonl is damaged" in refused
    assert not list(damaged.glob("*.damaged_*"))
  result = call(command, *arguments, "--rebuild_log")
  assert "1 are lost (line 2 after step 1)" in result.stderr
  assert "batch_size is 0" in result.stderr  # the log is no obstacle any more
  assert [entry["step"] for entry in log_file.read(damaged)] == [1, 3]
  assert len(list(damaged.glob("*.damaged_1"))) == 1
