"""Reports of runs whose files are missing, cut off or damaged."""

import json

import numpy as np
import pytest

from cascade_jax import report
from tests.helpers.reported_run import Page, change, page_of, record, write_run


@pytest.fixture
def folder(tmp_path):
  return write_run(tmp_path)


def test_without_an_evaluation_it_says_how_to_make_one(folder):
  for name in ("evaluation.json", "evaluation.npz", "run.json"):
    (folder / name).unlink()
  page = Page(page_of(folder))
  assert "Trained for 8 steps: not scored yet." in page.text
  command = f"python -m experiments.evaluate --workdir={folder}"
  assert "evaluation.json is missing" in page.text and command in page.text
  assert "run.json is missing" in page.text
  assert page.images == [] and page.tags.count("svg") == 4


def test_scores_without_arrays(folder):
  (folder / "evaluation.npz").unlink()
  text = Page(page_of(folder)).text
  assert "86.4%" in text and "evaluation.npz is missing" in text


def test_evaluation_without_metrics(folder):
  (folder / "metrics.jsonl").unlink()
  text = Page(page_of(folder)).text
  assert "86.4%" in text and "metrics.jsonl is missing" in text


def test_stopped_run_with_a_cut_off_line(folder):
  lines = (folder / "metrics.jsonl").read_text().splitlines()[:3]
  (folder / "metrics.jsonl").write_text("\n".join(lines) + '\n{"step": 4, "ph')
  change(folder / "evaluation.json", step=2)
  text = Page(page_of(folder)).text
  assert "Stopped at step 3 of 8" in text
  assert "Training went on to step 3" in text


def test_one_line_of_metrics(folder):
  line = (folder / "metrics.jsonl").read_text().splitlines()[0]
  (folder / "metrics.jsonl").write_text(line)
  assert Page(page_of(folder)).tags.count("svg") == 2


def test_nan_is_no_number(folder):
  nan = float("nan")
  change(folder / "evaluation.json", disentanglement_score=nan)
  lines = [record(s, s > 4) | {"loss": nan} for s in range(1, 9)]
  (folder / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
  text = Page(page_of(folder)).text
  assert "nan%" not in text.lower() and "Not known for this run." in text


@pytest.mark.parametrize(
  ("name", "content", "message"),
  [
    ("config.json", None, "holds no run .*experiments.train"),
    ("config.json", b'{"method":', "config.json is not valid JSON"),
    ("evaluation.json", b'{"step": 8,', "evaluation.json is .*evaluate --work"),
    ("evaluation.json", b"[1]", "holds a list.*experiments.evaluate"),
    ("evaluation.npz", b"", "evaluation.npz can't be .*experiments.evaluate"),
    ("evaluation.npz", b"PK\x03\x04", "evaluation.npz can't be read"),
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
  whole, arrays = path.read_bytes(), dict(np.load(path))
  path.write_bytes(whole[: len(whole) // 2])
  with pytest.raises(ValueError, match="experiments.evaluate"):
    report.write_report(folder)
  np.savez(path, **arrays | {"originals": np.array([{}], object)})
  with pytest.raises(ValueError, match="experiments.evaluate"):
    report.write_report(folder)
  del arrays["originals"]
  np.savez(path, **arrays)
  with pytest.raises(ValueError, match="originals.*experiments.evaluate"):
    report.write_report(folder)


def test_nothing_to_report_yet(folder):
  for name in ("metrics.jsonl", "evaluation.json", "evaluation.npz"):
    (folder / name).unlink()
  with pytest.raises(ValueError, match="nothing to report yet"):
    report.write_report(folder)
