import json

import pytest

from cascade_jax.runs.run_log import RunLog, read_metrics


def record(step):
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
    log.write(record(step))
  log.close()


def test_records_come_back_with_rate_and_time(tmp_path):
  write(tmp_path, 0, [2, 4])
  records = read_metrics(tmp_path)
  assert [r["step"] for r in records] == [2, 4]
  assert all(r["steps_per_second"] > 0 for r in records)
  assert records[0]["elapsed"] < records[1]["elapsed"]


def test_resumed_run_has_each_step_once_and_goes_on_counting_time(tmp_path):
  write(tmp_path, 0, [2, 4, 6])
  before = read_metrics(tmp_path)
  write(tmp_path, 4, [6, 8])
  records = read_metrics(tmp_path)
  assert [r["step"] for r in records] == [2, 4, 6, 8]
  assert records[1] == before[1]
  assert records[2]["elapsed"] > before[1]["elapsed"]


def test_line_cut_by_a_kill_is_left_out(tmp_path):
  write(tmp_path, 0, [2, 4])
  with (tmp_path / "metrics.jsonl").open("a") as file:
    file.write('{"step": 6, "lo')
  assert [r["step"] for r in read_metrics(tmp_path)] == [2, 4]
  write(tmp_path, 4, [6])
  lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
  assert [json.loads(line)["step"] for line in lines] == [2, 4, 6]


@pytest.mark.filterwarnings("ignore")  # of tensorboardX's own
def test_tensorboard_events_are_written(tmp_path):
  write(tmp_path, 0, [2], tensorboard=True)
  (events,) = (tmp_path / "tensorboard").iterdir()
  assert b"kl/2" in events.read_bytes()
