import errno
import os

import pytest

from cascade_jax.errors import UserError
from cascade_jax.runs import log_file
from cascade_jax.runs.run_log import RunLog


def log_entry(step):
  return {
    "step": step,
    "phase": 0,
    "open_dimensions": 1,
    "discrete": step > 2,
    "loss": 3.5,
    "reconstruction": 2.5,
    "kl": [1.0, 2.0],
  }


def write(folder, first_step, steps):
  log = RunLog(folder, first_step)
  for step in steps:
    log.write(log_entry(step))
  log.close()


def test_log_entries_have_rate_and_elapsed_time(tmp_path):
  write(tmp_path, 0, [2, 4])
  entries = log_file.read(tmp_path)
  assert [entry["step"] for entry in entries] == [2, 4]
  assert all(entry["steps_per_second"] > 0 for entry in entries)
  assert entries[0]["elapsed"] < entries[1]["elapsed"]


def test_resumed_run_logs_each_step_once_and_continues_the_time(
  tmp_path, caplog
):
  write(tmp_path, 0, [2, 4, 6])
  before = log_file.read(tmp_path)
  with caplog.at_level("INFO", "absl"):
    write(tmp_path, 4, [6, 8])
  assert "1 entries after step 4 are dropped" in caplog.text
  entries = log_file.read(tmp_path)
  assert [entry["step"] for entry in entries] == [2, 4, 6, 8]
  assert entries[1] == before[1]
  assert entries[2]["elapsed"] > before[1]["elapsed"]


def test_a_damaged_log_is_refused_and_left_alone(tmp_path):
  write(tmp_path, 0, [2, 4])
  path = tmp_path / "metrics.jsonl"
  damaged = path.read_bytes().replace(b'"phase": 0', b'"phase": 1', 1)
  path.write_bytes(damaged)
  with pytest.raises(UserError, match="metrics.jsonl is damaged"):
    RunLog(tmp_path, 4)
  assert path.read_bytes() == damaged


def test_log_entry_without_kl_weights_is_written(tmp_path):
  entry = {"step": 2, "phase": 0, "discrete": False, "loss": 3.5}
  log = RunLog(tmp_path, 0)
  assert log.write(entry).items() >= entry.items()
  log.close()
  assert log_file.read(tmp_path)[0].items() >= entry.items()


def test_sync_flushes_the_file_and_tells_the_last_step(tmp_path, monkeypatch):
  log = RunLog(tmp_path, 0)
  assert log.sync() == 0
  log.write(log_entry(2))
  synced = []
  monkeypatch.setattr(os, "fsync", synced.append)
  assert log.sync() == 2
  assert synced == [log._file.fileno()]
  log.close()


def test_a_full_disk_is_named(tmp_path, monkeypatch):
  def full(_):
    raise OSError(errno.ENOSPC, "No space left on device")

  log = RunLog(tmp_path, 0)
  monkeypatch.setattr(os, "fsync", full)
  with pytest.raises(UserError, match="metrics.jsonl can't .* MB are free"):
    log.sync()
  log.close()
