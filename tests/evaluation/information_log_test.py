"""Collecting the logged information of runs, and plotting it."""

import io

import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax import plots
from cascade_jax.evaluation import information_log
from cascade_jax.evaluation.information import Information
from cascade_jax.plots.information import information_panels
from cascade_jax.runs import json_file, log_file, workdir
from tests.helpers.launcher import call

PARTS = [0.0, 0.2, 0.3]


def log_entry(step, **changes):
  return {
    "step": step,
    "phase": step // 20,
    "open_dimensions": min(1 + (step - 1) // 20, 3),
    "kl_weights": [1.0, 1.0, 10.0],
    "discrete": False,
    "loss": 3.0,
    "reconstruction": 2.0,
    "kl": [0.1, 0.2, 0.3],
    "steps_per_second": 9.0,
    "elapsed": step / 9,
    **changes,
  }


def entry_with_information(step):
  parts = Information(1.5, 0.5, PARTS, [1.0, 0.6, 0.4], PARTS)
  return log_entry(step, scored_images=50, **parts._asdict())


def make_run(folder, log_entries):
  folder.mkdir()
  log_file.write(folder / log_file.NAME, log_entries)
  workdir.record_config(folder, config_lib.default())
  workdir.record_start(folder, 0)
  return folder


@pytest.fixture
def run(tmp_path):
  steps = range(10, 70, 10)
  records = [
    log_entry(s) if s % 20 else entry_with_information(s) for s in steps
  ]
  return make_run(tmp_path / "run", records)


def test_entries_with_information_are_kept_with_config_and_provenance(run):
  result = information_log.collect({"mine": run})["mine"]
  assert [r["step"] for r in result["records"]] == [20, 40, 60]
  assert result["records"][0]["information_with_earlier"] == PARTS
  assert "loss" not in result["records"][0]
  assert result["config"]["method"] == "cascade_vae"
  assert "numpy" in result["versions"]


def test_the_bands_of_the_plot_add_up(run):
  records = information_log.collect({"mine": run})["mine"]["records"]
  more = [r | {"aggregate_total_correlation": 2.5} for r in records]
  figure = plots.information({"mine": records, "again": more})
  figure.savefig(io.BytesIO())
  above, _, below, _ = figure.axes
  assert above.get_title(loc="left") == "mine"
  names = [text.get_text() for text in below.texts]
  assert {"TC", "z2", "z3"} <= set(names) and "z1" not in names
  np.testing.assert_allclose(below.lines[0].get_ydata(), 0.5)
  np.testing.assert_allclose(above.lines[0].get_ydata(), 1.5)
  assert above.get_ylim()[0] == below.get_ylim()[0] == 0
  assert below.get_ylim()[1] > 2.5  # no curve leaves the plot


def test_panels_need_an_entry_with_information():
  assert information_panels([log_entry(10)]) == []
  assert (
    len(information_panels([log_entry(10), entry_with_information(20)])) == 2
  )


def test_the_command_writes_both_files(run, tmp_path):
  output, picture = tmp_path / "information.json", tmp_path / "information.png"
  files = [f"--output={output}", f"--picture={picture}"]
  result = call("information", *files, f"a run={run}")
  assert result.returncode == 0, result.stderr
  assert json_file.read(output, information_log.KIND)["a run"]["records"]
  assert picture.read_bytes().startswith(b"\x89PNG")
  bad = call("information", *files, run)
  assert "must be NAME=FOLDER" in bad.stderr
  bad = call("information", *files, f"a={run}", f"a={run}")
  assert "; a is there twice" in bad.stderr and "Traceback" not in bad.stderr
  output.unlink()
  files[1] = f"--picture={tmp_path / 'information.pdf'}"
  bad = call("information", *files, f"a={run}")
  assert "information.pdf can't be written: name a .png file" in bad.stderr
  assert not output.exists()


def test_missing_logs_are_named(tmp_path):
  with pytest.raises(ValueError, match="holds no run"):
    information_log.collect({"mine": tmp_path / "none"})
  silent = make_run(tmp_path / "silent", [log_entry(10)])
  with pytest.raises(ValueError, match="evaluate_every"):
    information_log.collect({"mine": silent})
  unlogged = make_run(tmp_path / "unlogged", [])
  with pytest.raises(ValueError, match="evaluate_every"):
    information_log.collect({"mine": unlogged})
  without_kl = log_entry(10)
  del without_kl["kl"]
  make_run(tmp_path / "aae", [without_kl])
  with pytest.raises(ValueError, match="mine. has a deterministic encoder"):
    information_log.collect({"mine": tmp_path / "aae"})
  with pytest.raises(ValueError, match="mine says nothing"):
    plots.information({"mine": [log_entry(10)]})
  with pytest.raises(ValueError, match="no runs"):
    plots.information({})
