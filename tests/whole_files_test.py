"""Files that are written whole: each kind of file, on a disk that gets full."""

import re

import numpy as np
import pytest

from cascade_jax import report
from cascade_jax.commands import categories, information
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate
from cascade_jax.explore import write as explore_write
from cascade_jax.metrics import MetricInputs
from cascade_jax.report import write as report_write
from tests.helpers import full_disk, reported_run
from tests.helpers.launcher import call

CODES = MetricInputs(np.zeros((4, 1), int), np.zeros((4, 2)))


def write_evaluation(folder, monkeypatch):
  results = {"step": 8, "disentanglement_score": 0.5}
  arrays = {"originals": np.zeros((2, 4, 4, 1))}
  evaluate.evaluate_state(lambda state: (results, arrays, CODES), None, folder)


def write_explorer(folder, monkeypatch):
  monkeypatch.setattr(explore_write.contents, "of_state", lambda *_: None)
  monkeypatch.setattr(explore_write, "page", lambda _: "a page")
  explore_write.write_page(None, None, folder / "explore.html")


def write_information(folder, monkeypatch):
  runs = {"mine": {"records": []}}
  monkeypatch.setattr(information.information_log, "collect", lambda _: runs)
  monkeypatch.setattr(information.plots, "information", lambda _: None)
  monkeypatch.setattr(information.plots, "to_png", lambda _: b"a picture")
  check(
    call(
      "information",
      f"--output={folder / 'information.json'}",
      f"--picture={folder / 'information.png'}",
    )
  )


def write_categories(folder, monkeypatch):
  shares = {8: np.ones((1, 3, 1))}, ["square"]
  monkeypatch.setattr(categories.category_shares, "of_run", lambda *_: shares)
  picture = folder / "categories.png"
  check(call("categories", f"--workdir={folder}", f"--picture={picture}"))


def check(result):
  """Raises the one line in which a command refuses to go on."""
  if result.returncode:
    assert result.returncode == 1
    raise UserError(result.stderr.splitlines()[-1])


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
  """The pictures of a run, which take long to draw."""
  folder = reported_run.write_run(tmp_path_factory.mktemp("drawn"))
  return list(report_write._pictures(report_write.read_run(folder)))


@pytest.mark.parametrize(
  ("writer", "name"),
  [
    (write_evaluation, "evaluation.npz"),
    (write_evaluation, "codes.npz"),
    (write_evaluation, "evaluation.json"),
    (write_explorer, "explore.html"),
    (write_information, "information.json"),
    (write_information, "information.png"),
    (write_categories, "categories.png"),
  ],
)
def test_a_full_disk_is_named_and_leaves_the_earlier_file(
  tmp_path, monkeypatch, writer, name
):
  (tmp_path / name).write_bytes(b"earlier")
  with monkeypatch.context() as patch:
    full_disk.fill(patch, tmp_path / name)
    with pytest.raises(UserError, match=told(tmp_path / name)):
      writer(tmp_path, patch)
  assert (tmp_path / name).read_bytes() == b"earlier"
  assert not list(tmp_path.glob(".*.partial"))
  writer(tmp_path, monkeypatch)  # there is room again
  assert (tmp_path / name).read_bytes() != b"earlier"


def test_a_report_on_a_full_disk_names_each_of_its_files(
  tmp_path, monkeypatch, drawn
):
  folder = reported_run.write_run(tmp_path)
  there = set(folder.iterdir())
  monkeypatch.setattr(report_write, "_pictures", lambda _: drawn)
  monkeypatch.setattr(report_write, "page", lambda _: "a page")
  report.write_report(folder)
  written = set(folder.iterdir()) - there
  assert len(written) == 6
  for path in written:
    path.write_bytes(b"earlier")
    with monkeypatch.context() as patch:
      full_disk.fill(patch, path)
      with pytest.raises(UserError, match=told(path)):
        report.write_report(folder)
    assert path.read_bytes() == b"earlier"
    assert not list(folder.glob(".*.partial"))
  report.write_report(folder)
  for name, content in drawn:
    assert (folder / name).read_bytes() == content
  assert (folder / "traversals.png").read_bytes().startswith(b"\x89PNG")


def told(path):
  return (
    f"{re.escape(str(path))} can't be written: No space left on device; "
    r"[\d.,]+ MB are free on its disk$"
  )
