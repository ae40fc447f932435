"""The command that fills the tables, with a stand-in for the training."""

import json
import types

import numpy as np
import pytest

from cascade_jax.commands import jobs
from cascade_jax.reproduce import page, studies
from cascade_jax.reproduce.studies import Row, Study
from cascade_jax.sweep.status import Status
from tests.evaluation.summary_test import make_run
from tests.helpers.launcher import call

STUDY = Study(
  "Tiny",
  "What was trained.",
  "3-5",
  {
    "small": Row("small m", "smoke", {"num_continuous": "2"}),
    "large": Row("large m", "smoke", {"num_continuous": "4"}),
  },
)


@pytest.fixture
def trained(monkeypatch):
  """The names of the cells that were trained; those in `fails` fail."""
  calls = types.SimpleNamespace(names=[], fails=set())

  def run(folder, cells, num_steps, flags_of):
    statuses = {}
    for cell in cells:
      calls.names.append(f"{cell.method} {cell.seed}")
      state = "failed" if calls.names[-1] in calls.fails else "done"
      if state == "done":
        config = jobs.checked_config(cell, flags_of(cell))
        content = json.loads(config.to_json())
        cell.folder.parent.mkdir(parents=True, exist_ok=True)
        seed = content.pop("seed")
        make_run(cell.folder, seed, 0.1 * seed, 0.05 * seed, **content)
      statuses[cell.name] = (cell, Status(state, error="NaN"))
    return None, statuses

  monkeypatch.setattr(studies, "STUDIES", {"compact": STUDY})
  monkeypatch.setattr(jobs, "run", run)
  monkeypatch.setattr("cascade_jax.reproduce.pictures.load", no_model)
  return calls


def no_model(folder):
  """Stands in for the model in a folder, whose pictures show its seed."""
  seed = int(folder.name.removeprefix("seed_"))
  pictures = np.full((3, 1, 2, 8, 8, 1), seed / 10)
  arrays = pictures, np.linspace(-1, 1, 3)
  return types.SimpleNamespace(traverse=lambda: arrays)


def reproduce(folder, *flags):
  return call(
    "reproduce",
    "--scale=compact",
    f"--workdir={folder / 'runs'}",
    f"--output={folder / 'results'}",
    *flags,
  )


def test_only_what_is_missing_is_trained_and_all_of_it_is_in_the_table(
  tmp_path, trained
):
  trained.fails = {"large 4"}
  result = reproduce(tmp_path)
  assert result.returncode == 1
  assert "1 of 6 cells are not done" in result.stderr.splitlines()[-1]
  assert len(trained.names) == 6
  text = (tmp_path / "results" / page.NAME).read_text()
  assert "| small m | 2 | 3 | **40.00** (10.00) | 50.00 | - |" in text
  assert "Not run yet: large m (seeds 4)." in text
  # The folders of runs that a file has need not be there.
  for row in ("small", "large"):
    (tmp_path / "runs" / row).rename(tmp_path / f"gone_{row}")
  trained.names, trained.fails = [], set()
  assert reproduce(tmp_path).returncode == 0
  assert trained.names == ["large 4"]
  text = (tmp_path / "results" / page.NAME).read_text()
  assert "Not run yet" not in text
  assert "| large m | score | 3: 30.00, 4: 40.00, 5: 50.00 |" in text


def test_the_page_is_made_from_the_files_alone(tmp_path, trained):
  reproduce(tmp_path)
  output = tmp_path / "results"
  before = {path.name: path.read_bytes() for path in output.iterdir()}
  (tmp_path / "runs").rename(tmp_path / "gone")
  (output / page.NAME).unlink()
  assert reproduce(tmp_path).returncode == 0
  after = {path.name: path.read_bytes() for path in output.iterdir()}
  assert after == before
  # The median seed's, whichever seeds there are.
  assert {"small_seed_4.png", "large_seed_4.png"} <= after.keys()
  assert "![small seed 4](small_seed_4.png)" in before[page.NAME].decode()


def test_the_picture_is_of_the_median_of_all_seeds(tmp_path, trained):
  for seed, median in ((3, 3), (5, 3), (4, 4)):
    reproduce(tmp_path, "--methods=small", f"--seeds={seed}")
    (picture,) = (tmp_path / "results").glob("small_seed_*.png")
    assert picture.name == f"small_seed_{median}.png"


def test_rows_and_seeds_can_be_named(tmp_path, trained):
  result = reproduce(tmp_path, "--methods=large", "--seeds=5,8")
  assert result.returncode == 0
  assert trained.names == ["large 5", "large 8"]
  text = (tmp_path / "results" / page.NAME).read_text()
  assert "Not run yet: small m (all seeds); large m (seeds 3, 4)." in text


@pytest.mark.parametrize(
  ("flags", "message"),
  [
    (["--methods=aae"], "--methods has 'aae'; there are small, large"),
    (["--seeds=5-3"], "--seeds has '5-3'"),
    (["stray"], "'stray' is no flag"),
  ],
)
def test_what_can_not_be_run_is_refused(tmp_path, trained, flags, message):
  result = reproduce(tmp_path, *flags)
  assert result.returncode == 1 and message in result.stderr
  assert not trained.names and not list(tmp_path.iterdir())


def test_runs_of_another_config_are_not_mixed(tmp_path, trained, monkeypatch):
  reproduce(tmp_path, "--methods=small", "--seeds=3")
  rows = {**STUDY.rows, "small": Row("small m", "smoke", {"beta_low": "0.7"})}
  changed = {"compact": STUDY._replace(rows=rows)}
  monkeypatch.setattr(studies, "STUDIES", changed)
  result = reproduce(tmp_path, "--methods=small", "--seeds=4")
  assert result.returncode == 1
  assert "small.json has runs of another config: beta_low, num_" in (
    result.stderr
  )
  assert trained.names == ["small 3"]
