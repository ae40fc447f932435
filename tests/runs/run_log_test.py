import json

import pytest

from cascade_jax.runs.run_log import RunLog, read_metrics


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


def write(folder, first_step, steps, **options):
  log = RunLog(folder, first_step, **options)
  for step in steps:
    log.write(log_entry(step))
  log.close()


def test_log_entries_have_rate_and_elapsed_time(tmp_path):
  write(tmp_path, 0, [2, 4])
  entries = read_metrics(tmp_path)
  assert [entry["step"] for entry in entries] == [2, 4]
  assert all(entry["steps_per_second"] > 0 for entry in entries)
  assert entries[0]["elapsed"] < entries[1]["elapsed"]


def test_resumed_run_logs_each_step_once_and_continues_the_time(tmp_path):
  write(tmp_path, 0, [2, 4, 6])
  before = read_metrics(tmp_path)
  write(tmp_path, 4, [6, 8])
  entries = read_metrics(tmp_path)
  assert [entry["step"] for entry in entries] == [2, 4, 6, 8]
  assert entries[1] == before[1]
  assert entries[2]["elapsed"] > before[1]["elapsed"]


def test_line_cut_by_a_kill_is_left_out(tmp_path):
  write(tmp_path, 0, [2, 4])
  with (tmp_path / "metrics.jsonl").open("a") as file:
    file.write('{"step": 6, "lo')
  assert [entry["step"] for entry in read_metrics(tmp_path)] == [2, 4]
  write(tmp_path, 4, [6])
  lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
  assert [json.loads(line)["step"] for line in lines] == [2, 4, 6]


def test_log_entry_without_kl_weights_is_written(tmp_path):
  entry = {"step": 2, "phase": 0, "discrete": False, "loss": 3.5}
  log = RunLog(tmp_path, 0)
  assert log.write(entry).items() >= entry.items()
  log.close()
  assert read_metrics(tmp_path)[0].items() >= entry.items()


@pytest.mark.filterwarnings("ignore")  # tensorboardX's own warnings
def test_tensorboard_events_are_written(tmp_path):
  write(tmp_path, 0, [2], tensorboard=True)
  (events,) = (tmp_path / "tensorboard").iterdir()
  assert b"kl/2" in events.read_bytes()
