import json
import re

import numpy as np
import pytest
from PIL import Image

from cascade_jax import config as config_lib
from cascade_jax import plots, report


def record(step):
  return {
    "step": step,
    "phase": step // 200,
    "open_dimensions": min(step // 200 + 1, 4),
    "discrete": step >= 400,
    "loss": 30.0,
    "reconstruction": 20.0 + 1000 / step,
    "kl": [3.0, 2.0, 0.5, 0.01],
    "kl_weights": [1.0, 1.0, 10.0, 10.0],
    "counts": [20, 22, 22] if step >= 400 else [0, 0, 0],
    "flow_differs": 0.05,
    "seconds_score": 0.004,
    "seconds_solve": 0.0003,
    "seconds_update": 0.01,
    "steps_per_second": 70.0,
    "elapsed": step / 70,
    "weight_penalty": 0.1,
  }


EVALUATION = {
  "step": 900,
  "seed": 0,
  "dataset": "sprites <b>&",
  "num_images": 500,
  "kl": [3.0, 2.0, 0.5, 0.01],
  "reconstruction": 20.0,
  "protocol": "the protocol",
  "disentanglement_score": 0.9123,
  "votes": [[200, 3], [1, 190], [10, 20], [4, 2]],
  "vote_columns": ["z1", "z2", "z3", "code"],
  "vote_factors": ["x", "shape"],
  "column_factors": ["x", "shape", "shape", "x"],
  "classification_accuracy": 0.8456,
  "confusion": [[90, 5, 5], [3, 97, 0], [10, 10, 80]],
  "class_names": ["square", "ellipse", "heart"],
  "relabelling": [0, 1, 2],
  "seconds": 3.0,
}


@pytest.fixture
def run_folder(tmp_path):
  """What training and evaluation leave, with made-up numbers."""
  rng = np.random.default_rng(0)
  config = config_lib.default()
  config.num_continuous = 4
  (tmp_path / "config.json").write_text(config.to_json())
  run = {"step": 0, "device": "1 x cpu", "versions": {"jax": "0.10.1"}}
  run["resumes"] = [{"step": 300}]
  (tmp_path / "run.json").write_text(json.dumps(run))
  (tmp_path / "evaluation.json").write_text(json.dumps(EVALUATION))
  lines = [json.dumps(record(step)) + "\n" for step in range(100, 1000, 100)]
  (tmp_path / "metrics.jsonl").write_text("".join(lines))
  np.savez(
    tmp_path / "evaluation.npz",
    traversals=rng.uniform(size=(21, 3, 4, 16, 16, 1)).astype(np.float32),
    traversal_values=np.linspace(-1, 1, 21),
    originals=rng.uniform(size=(5, 16, 16, 1)),
    reconstructions=rng.uniform(size=(5, 16, 16, 1)),
    reconstruction_categories=np.zeros(5, int),
  )
  return tmp_path


def change(folder, name, **changes):
  path = folder / name
  content = {**json.loads(path.read_text()), **changes}
  path.write_text(json.dumps({k: v for k, v in content.items() if v != "gone"}))


def test_page_is_one_file_that_says_it_all(run_folder):
  page = report.write_report(run_folder).read_text()
  assert "91.23 %" in page and "84.56 %" in page and "the protocol" in page
  for key in config_lib.default():
    if key != "data":
      assert f">{key}<" in page
  assert ">data.image_size<" in page
  assert "data:image/gif;base64," in page
  assert page.count("<svg ") == 4
  assert "resumed at steps" in page and "300" in page
  # Nothing is loaded from elsewhere; the paper's link may stay.
  loaded = re.findall(r'(?:src|href)="(?!data:|#)([^"]+)"', page)
  assert {each for each in loaded if "arxiv" not in each} == set()
  assert "@import" not in page and "<script" not in page


def test_strings_from_files_are_escaped(run_folder):
  page = report.write_report(run_folder).read_text()
  assert "sprites &lt;b&gt;&amp;" in page and "sprites <b>" not in page


def test_figures_take_the_pages_ink(run_folder):
  page = report.write_report(run_folder).read_text()
  assert "currentColor" in page and plots.INK not in page
  ids = re.findall(r'<(?:clipPath|path) id="([^"]+)"', page)
  assert len(ids) == len(set(ids))


def test_pictures_are_files_too(run_folder):
  report.write_report(run_folder)
  for name in ("traversals", "reconstructions", "confusion", "curves"):
    with Image.open(run_folder / f"{name}.png") as image:
      assert min(image.size) > 100
  with Image.open(run_folder / "traversals.gif") as gif:
    assert gif.n_frames == 40  # there and back, ends once
    assert gif.info["loop"] == 0


def test_run_without_code_or_factors(run_folder):
  missing = ("votes", "vote_columns", "vote_factors", "column_factors")
  missing += ("confusion", "class_names", "relabelling")
  change(
    run_folder,
    "evaluation.json",
    disentanglement_score=None,
    classification_accuracy=None,
    **dict.fromkeys(missing, "gone"),
  )
  page = report.write_report(run_folder).read_text()
  assert page.count("not known") == 2


def test_line_cut_by_a_kill_and_a_short_run(run_folder):
  line = json.dumps(record(100))
  (run_folder / "metrics.jsonl").write_text(line + '\n{"step": 2')
  report.write_report(run_folder)
  (run_folder / "metrics.jsonl").write_text("")
  assert "is empty" in report.write_report(run_folder).read_text()


@pytest.mark.parametrize(
  ("name", "command"),
  [("evaluation.json", "evaluate"), ("config.json", "train")],
)
def test_missing_files_are_named_with_the_command(run_folder, name, command):
  (run_folder / name).unlink()
  with pytest.raises(ValueError, match=f"{name} is missing.*{command}"):
    report.write_report(run_folder)


def test_long_curves_are_averaged():
  averaged = plots._averaged(np.arange(10_000.0))
  assert len(averaged) == 400
  np.testing.assert_allclose(averaged[0], np.arange(25).mean())


def test_colour_images_are_shown():
  rng = np.random.default_rng(0)
  images = rng.uniform(size=(3, 16, 16, 3))
  plots.reconstructions(images, images)
  plots.traversal_sheet(rng.uniform(size=(9, 1, 2, 16, 16, 3)), [1.0, 2.0])
