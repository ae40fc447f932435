"""Sweeps on this machine, with a stand-in for the training of a cell."""

import os
import pathlib
import signal
import sys
import time

import pytest

from cascade_jax.errors import UserError
from cascade_jax.sweep import record
from cascade_jax.sweep.cells import cells
from cascade_jax.sweep.engine import Engine
from cascade_jax.sweep.sweep import Sweep
from tests.sweep.trainer import STEPS


@pytest.fixture(autouse=True)
def engines(monkeypatch):
  """The engines that a test makes, whose processes are waited for."""
  made = []
  init = Engine.__init__

  def noted(self, *arguments):
    init(self, *arguments)
    made.append(self)

  monkeypatch.setattr(Engine, "__init__", noted)
  yield
  for engine in made:
    jobs = [job.job_id for job in getattr(engine, "_submitted", [])]
    wait_until(lambda engine=engine, jobs=jobs: not engine.alive(jobs))
    engine.alive(jobs)  # notes the end of one that has ended since


def sweep_of(folder, *whats):
  """A sweep of a cell for each of `trainer`'s endings."""

  def command(cell):
    what = whats[cell.seed]
    return sys.executable, "-m", "tests.sweep.trainer", str(cell.folder), what

  made = cells(folder, [""], {}, range(len(whats)))
  folder.mkdir(exist_ok=True)
  engine = Engine("local", folder / "jobs", {})
  return Sweep(folder, made, [STEPS] * len(made), command, engine)


def states(sweep):
  return [status.state for _, status in sweep.look().values()]


def wait_until(condition, seconds=300):
  deadline = time.monotonic() + seconds
  while not condition():
    assert time.monotonic() < deadline
    time.sleep(0.3)


def test_all_cells_end_none_twice_and_failures_are_named(tmp_path):
  sweep = sweep_of(tmp_path, "ends", "fails", "ends", "ends")
  assert states(sweep) == ["not started"] * 4
  sweep.submit(num_jobs=2)
  assert set(states(sweep)) <= {"waiting", "running", "done", "failed"}
  wait_until(lambda: not {"waiting", "running"} & set(states(sweep)))
  assert states(sweep) == ["done", "failed", "done", "done"]
  _, failed = sweep.look()["seed 1"]
  assert failed.error == "DivergenceError: training of seed 1 has diverged"
  # The same command again runs the failed cell alone.
  again = sweep_of(tmp_path, "ends", "ends", "ends", "ends")
  again.submit(num_jobs=2)
  wait_until(lambda: states(again) == ["done"] * 4)
  marks = [tmp_path / f"seed_{k}" / "was_here" for k in range(4)]
  assert [mark.read_text().split() for mark in marks] == [
    ["ends"],
    ["fails", "ends"],
    ["ends"],
    ["ends"],
  ]
  assert record.read(tmp_path / "seed_1").attempts == 2


def test_a_cell_whose_job_is_alive_is_not_submitted_again(tmp_path):
  sweep = sweep_of(tmp_path, "waits", "ends")
  sweep.submit(num_jobs=1)
  waiting = tmp_path / "seed_0" / "waiting"
  wait_until(waiting.exists)
  assert states(sweep) == ["running", "waiting"]
  again = sweep_of(tmp_path, "waits", "ends")
  again.submit(num_jobs=1)
  assert (tmp_path / "seed_0" / "was_here").read_text().split() == ["waits"]
  # Ended like a job whose time is over: it goes on from what it saved.
  job = int(record.read(tmp_path / "seed_0").job)
  (worker,) = children(job)
  os.kill(worker, signal.SIGUSR2)
  wait_until(lambda: states(again) == ["done", "done"])
  marks = [tmp_path / f"seed_{k}" / "was_here" for k in range(2)]
  assert [mark.read_text().split() for mark in marks] == [
    ["waits", "waits"],
    ["ends"],
  ]


def test_stopped_jobs_leave_their_cells_to_the_next_call(tmp_path):
  sweep = sweep_of(tmp_path, "waits", "ends")
  sweep.submit(num_jobs=1)
  wait_until((tmp_path / "seed_0" / "waiting").exists)
  os.system(sweep.cancel_command())
  wait_until(lambda: states(sweep) == ["stopped", "not started"])
  sweep.submit(num_jobs=1)
  wait_until(lambda: states(sweep) == ["done", "done"])


def test_a_killed_job_is_told(tmp_path):
  sweep = sweep_of(tmp_path, "waits")
  sweep.submit(num_jobs=1)
  wait_until((tmp_path / "seed_0" / "waiting").exists)
  job = int(record.read(tmp_path / "seed_0").job)
  family = [job, *children(job)]
  family += [
    grandchild for child in family[1:] for grandchild in children(child)
  ]
  for process in family:
    os.kill(process, signal.SIGKILL)
  wait_until(lambda: states(sweep) == ["failed"])
  assert "out of memory" in sweep.look()["seed 0"][1].error


def test_engines_that_are_not_there_are_refused(tmp_path, monkeypatch):
  with pytest.raises(UserError, match="--slurm has no effect"):
    Engine("local", tmp_path, {"time": 3})
  monkeypatch.setenv("PATH", str(tmp_path))
  with pytest.raises(UserError, match="needs Slurm's sbatch"):
    Engine("slurm", tmp_path, {})


def children(process):
  """The processes that a process has started, by Linux's own list."""
  tasks = pathlib.Path(f"/proc/{process}/task")
  listed = [(task / "children").read_text() for task in tasks.iterdir()]
  return [int(child) for text in listed for child in text.split()]
