"""How far cells are, what they found, and the page that compares them."""

import json

import pytest

from cascade_jax.sweep import page, record, results
from cascade_jax.sweep.cells import Cell
from cascade_jax.sweep.record import Record
from cascade_jax.sweep.status import Status, status
from cascade_jax.sweep.watch import cells_of, summary
from tests.helpers import reported_run
from tests.helpers.reported_run import Page, log_entry, write_run


@pytest.fixture
def cells(tmp_path):
  """Two seeds of a setting, both done, and one of another."""
  made = []
  for beta, seed in (("0.5", 3), ("0.5", 4), ("1", 3)):
    folder = tmp_path / f"beta_low={beta}" / f"seed_{seed}"
    folder.mkdir(parents=True)
    write_run(folder, has_arrays=False)
    scored = [log_entry(step) for step in range(1, 9)]
    scored[3] |= {"disentanglement_score": 0.5}
    reported_run.write_log(folder, scored)
    made.append(Cell("m6", {"beta_low": beta}, seed, folder))
  return made


def test_the_file_has_a_line_for_each_cell(cells, tmp_path):
  path = tmp_path / results.NAME
  groups = results.groups(cells)
  results.write(path, [one for group in groups for one in group.results])
  lines = [json.loads(line) for line in path.read_text().splitlines()]
  assert [(x["method"], x["beta_low"], x["seed"]) for x in lines] == [
    ("m6", "0.5", 3),
    ("m6", "0.5", 4),
    ("m6", "1", 3),
  ]
  for line in lines:
    assert line["classification_accuracy"] == 0.7531
    assert line["disentanglement_score_dlib"] is None
    assert line["seconds"] == 3700 and line["git_commit"] == "abcdef0"


def test_the_page_has_every_setting_and_every_seed(cells, tmp_path):
  text = page.page(results.groups(cells), tmp_path, "My sweep <1>")
  parsed = Page(text)
  for words in ("My sweep <1>", "3 runs, 2 settings", "m6 beta_low=0.5"):
    assert words in parsed.text
  assert "86.42 (0.00)" in parsed.text and "75.31" in parsed.text
  assert "beta_low=0.5/seed_4/report.html" in parsed.links
  # Dots of two scores, and curves of the one that the logs have.
  assert parsed.tags.count("figure") == 2 + 2
  assert "Content-Security-Policy" in text and ' style="' not in text


def test_cells_that_are_done_need_no_job(cells):
  found = status(cells[0], 8, None, {})
  assert found == Status("done", 8, score=("disentanglement_score", 0.8642))


def test_a_cell_is_not_done_before_its_report_is(cells):
  """The scores are there earlier, and the run's folder is locked."""
  record.write(cells[0].folder, Record(record.RUNNING, "7"))
  assert status(cells[0], 8, "7", {"7": "running"}).state == "running"
  assert status(cells[0], 8, "7", {}).state == "done"
  record.write(cells[0].folder, Record(record.DONE, "7"))
  assert status(cells[0], 8, "7", {"7": "running"}).state == "done"


@pytest.mark.parametrize(
  ("written", "alive", "state", "error"),
  [
    (None, {}, "not started", ""),
    (None, {"7": "waiting"}, "waiting", ""),
    (None, {"7": "running"}, "waiting", ""),  # the job has others before it
    (Record(record.RUNNING, "7"), {"7": "running"}, "running", ""),
    (Record(record.RUNNING, "7"), {"7": "waiting"}, "waiting", ""),
    (Record(record.RUNNING, "7"), {}, "failed", "without a word"),
    (Record(record.RUNNING, "6"), {"7": "running"}, "waiting", ""),
    (Record(record.STOPPED, "7"), {"7": "waiting"}, "waiting", ""),
    (Record(record.STOPPED, "7"), {}, "stopped", ""),
    (Record(record.FAILED, "7", 2, "NaN"), {"7": "running"}, "failed", "NaN"),
  ],
)
def test_the_state_of_a_cell(cells, written, alive, state, error):
  """Trained for 8 of 20 steps, and given to job 7."""
  cell = cells[0]
  if written is not None:
    record.write(cell.folder, written)
  found = status(cell, 20, "7", alive)
  assert found.state == state and error in found.error
  assert found.step == 8 and found.score == ("disentanglement_score", 0.5)
  assert (found.seconds_left is not None) == (state == "running")


def test_a_log_that_is_being_written_is_no_error(cells):
  path = cells[0].folder / "metrics.jsonl"
  content = path.read_bytes()
  path.write_bytes(content[:-30])
  assert status(cells[0], 20, None, {}).step == 7
  path.write_bytes(b"")
  assert status(cells[0], 20, None, {}).step == 0


def test_rows_of_the_table():
  found = Status("running", 1200, 44.6, ("elbo_at_mean", -30.1), 61.0)
  assert cells_of(found) == (
    "running",
    "1,200",
    "44.6",
    "elbo -30.1",
    "0:01:01",
  )
  assert cells_of(Status("waiting")) == ("waiting", "0", "", "", "")
  cell = Cell("", {}, 0, None)
  rows = {
    str(k): (cell, Status(s)) for k, s in enumerate(["done", "done", "x"])
  }
  assert summary(rows) == "3 cells: 2 done, 1 x"
