"""Reports of runs whose files are missing, cut off or damaged."""

import numpy as np
import pytest

from cascade_jax import report
from cascade_jax.report.run import read_run
from tests.helpers.reported_run import (
  Page,
  change,
  log_entry,
  write_arrays,
  write_log,
  write_page,
  write_run,
)


@pytest.fixture
def folder(tmp_path):
  return write_run(tmp_path)


@pytest.fixture
def logged(tmp_path):
  """The same without arrays, which are slow to draw."""
  return write_run(tmp_path, has_arrays=False)


def test_without_an_evaluation_it_says_how_to_create_one(folder):
  for name in ("evaluation.json", "evaluation.npz", "run.json"):
    (folder / name).unlink()
  page = Page(write_page(folder))
  assert "Trained for 8 steps. Not scored yet." in page.text
  command = f"python -m experiments.evaluate --workdir={folder}"
  assert "evaluation.json is missing" in page.text and command in page.text
  assert "run.json is missing" in page.text
  assert "dataset.json is missing" in page.text
  assert page.images == [] and page.tags.count("svg") == 4


def test_scores_without_arrays(logged):
  text = Page(write_page(logged)).text
  assert "86.4%" in text and "evaluation.npz is missing" in text


def test_evaluation_without_metrics(folder):
  (folder / "metrics.jsonl").unlink()
  text = Page(write_page(folder)).text
  assert "86.4%" in text and "metrics.jsonl is missing" in text


def test_a_log_that_once_was_longer_is_told(logged, caplog):
  write_log(logged, [log_entry(step) for step in (1, 2, 3)])
  change(logged / "run.json", logged_step=4)
  read_run(logged)
  assert "ends at step 3, but once reached step 4" in caplog.text


def test_stopped_run_with_a_cut_off_line(logged):
  write_log(logged, [log_entry(step) for step in (1, 2, 3)])
  with (logged / "metrics.jsonl").open("a") as file:
    file.write('{"step": 4, "ph')
  change(logged / "evaluation.json", step=2)
  text = Page(write_page(logged)).text
  assert "Stopped at step 3 of 8" in text
  assert "Training continued to step 3" in text


def test_one_line_of_metrics(logged):
  line = (logged / "metrics.jsonl").read_text().splitlines()[0]
  (logged / "metrics.jsonl").write_text(line)
  assert Page(write_page(logged)).tags.count("svg") == 2


@pytest.mark.parametrize(
  "missing",
  [["kl_weights"], ["open_dimensions"], ["kl_weights", "open_dimensions"]],
)
def test_log_without_kl_weights(logged, missing):
  log_entries = [log_entry(step) for step in range(1, 9)]
  for entry in log_entries:
    for key in missing:
      del entry[key]
  write_log(logged, log_entries)
  page = Page(write_page(logged))
  assert page.tags.count("svg") == 4
  assert "discrete code starts at the dashed" in page.text
  has_numbers = "count the open dimensions" in page.text
  assert has_numbers == ("open_dimensions" not in missing)


def test_nan_is_no_number(logged):
  nan = float("nan")
  change(logged / "evaluation.json", disentanglement_score=nan)
  write_log(logged, [log_entry(s) | {"loss": nan} for s in range(1, 9)])
  text = Page(write_page(logged)).text
  assert "nan%" not in text.lower() and "Not available for this run." in text


@pytest.mark.parametrize(
  ("name", "content", "message"),
  [
    ("config.json", None, "holds no run .*experiments.train"),
    ("config.json", b'{"method":', "config.json is not valid JSON"),
    ("evaluation.json", b'{"step": 8,', "evaluation.json is .*evaluate --work"),
    ("evaluation.json", b"[1]", "holds a list.*experiments.evaluate"),
    ("evaluation.npz", b"", "evaluation.npz is .*experiments.evaluate"),
    ("evaluation.npz", b"PK\x03\x04", "evaluation.npz is damaged"),
  ],
)
def test_files_that_cannot_be_read_are_named(folder, name, content, message):
  (folder / name).unlink()
  if content is not None:
    (folder / name).write_bytes(content)
  with pytest.raises(ValueError, match=f"(?s){message}"):
    report.write_report(folder)


def test_cut_off_arrays_pickles_and_missing_arrays_are_refused(folder):
  path = folder / "evaluation.npz"
  whole = path.read_bytes()
  path.write_bytes(whole[: len(whole) // 2])
  with pytest.raises(ValueError, match="experiments.evaluate"):
    report.write_report(folder)
  write_arrays(folder, originals=np.array([{}], object))
  with pytest.raises(ValueError, match="experiments.evaluate"):
    report.write_report(folder)
  path.write_bytes(whole)
  arrays = dict(np.load(path))
  del arrays["originals"]
  np.savez(path, **arrays)
  with pytest.raises(ValueError, match="originals.*experiments.evaluate"):
    report.write_report(folder)


def test_nothing_to_report_yet(folder):
  for name in ("metrics.jsonl", "evaluation.json", "evaluation.npz"):
    (folder / name).unlink()
  with pytest.raises(ValueError, match="nothing to report yet"):
    report.write_report(folder)
