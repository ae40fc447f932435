"""The command that tells which KL weights a factor or a dimension pays for."""

import json
import pathlib

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.data import dsprites
from cascade_jax.evaluation import worth
from cascade_jax.runs import json_file
from tests.helpers.launcher import call

COMPACT = "--config=experiments/configs/compact.py"
LOG2 = np.log(2)


def own_images(path, **more):
  """Saves four 16x16 images: a factor of 3 pixels, and one of 1 pixel."""
  factors = np.indices((2, 2)).reshape(2, -1).T
  images = np.zeros((4, 16, 16, 1), bool)
  images[:, 0, 0, 0] = factors[:, 1]
  images[:, 5, :3, 0] = factors[:, :1]
  np.savez(path, images=images, **more)
  return factors


def of_arrays(path, *arguments):
  source = f"--config.data.path={path}"
  return call("worth", COMPACT, "--config.data.name=arrays", source, *arguments)


def test_the_table_of_a_data_set(tmp_path):
  path, output = tmp_path / "mine.npz", tmp_path / "worth.json"
  factors = own_images(path)
  own_images(path, factors=factors, factor_names=["bar", "dot"])
  result = of_arrays(path, f"--output={output}")
  assert result.returncode == 0, result.stderr
  for row in (
    "| known | bar | dot |",
    "| nothing | 3 (3) | 1 (1) |",
    "| bar |  | 1 (1) |",
    "| all others | 3 (3) | 1 (1) |",
    f"| nothing | bar | {4 * LOG2:.1f} | 3 |",
  ):
    assert row in result.stdout.splitlines()
  assert "The stages end there" not in result.stdout
  content = json.loads(output.read_text())
  assert content["order"] == ["bar", "dot"] and content["num_images"] == 4
  assert "mean images are exact" in content["protocol"]
  entry = content["stages"][0]["factors"]["bar"]
  assert entry["gains"] == pytest.approx([3 * LOG2])
  assert content["stages"][1]["known"] == ["bar"]


def test_stages_that_a_sample_is_too_small_for_are_missing():
  rng = np.random.default_rng(0)
  factors = rng.integers(0, [3, 6, 40, 32, 32], (1500, 5))
  sample = data.from_arrays(
    "sample", dsprites.render(factors), factors, dsprites.FACTOR_NAMES
  )
  content = worth.dataset_worth(sample)
  text = worth.to_markdown(content)
  assert "The images are a sample" in text and "The stages end there" in text
  first = content["stages"][0]["factors"]
  # By the exact table of all 737,280 images, docs/results/worth/dsprites_64.
  assert first["x"]["worth"] == pytest.approx(125, rel=0.06)
  assert first["y"]["worth"] == pytest.approx(125, rel=0.06)
  assert {name: first[name]["bins"][-1] for name in first} == {
    "x": 32,
    "y": 32,
    "scale": 6,
    "shape": 3,
    "orientation": 40,
  }


def test_dsprites_at_one_position_has_the_known_worth():
  """Of scale and shape when x and y are known, and of shape with scale known.

  Computed independently from the renderer, with 39 orientations.
  """
  factors = np.indices((3, 6, 40)).reshape(3, -1).T
  centre = np.column_stack([factors, np.full((720, 2), 16)])
  dataset = data.from_arrays(
    "centre", dsprites.render(centre), factors, dsprites.FACTOR_NAMES[:3]
  )
  content = worth.dataset_worth(dataset)
  assert content["order"] == ["scale", "shape", "orientation"]
  stages = content["stages"]
  assert stages[0]["factors"]["scale"]["worth"] == pytest.approx(64, abs=0.5)
  assert stages[1]["factors"]["shape"]["worth"] == pytest.approx(22, abs=0.5)
  cost = stages[2]["factors"]["orientation"]["cost"]
  assert cost == pytest.approx(98.0, abs=0.3)


@pytest.mark.parametrize(
  ("arguments", "message"),
  [
    ([], "either a data set by --config, or a run by --workdir"),
    ([COMPACT, "--workdir=runs"], "either a data set by --config, or a run"),
    (["--workdir=none"], "none holds no run"),
    ([COMPACT, "--output=worth.csv"], "name a .json file"),
    ([COMPACT, "--config.beta_high=4"], "config.beta_high has no effect"),
    ([COMPACT, "--config.seed=4"], "only data is read here"),
    ([COMPACT, "--config.data.path=a"], "config.data.path has no effect"),
  ],
)
def test_mistakes_are_named(arguments, message):
  result = call("worth", *arguments)
  assert result.returncode == 1 and message in result.stderr


def test_images_without_factors_are_refused(tmp_path):
  own_images(tmp_path / "mine.npz")
  result = of_arrays(tmp_path / "mine.npz")
  assert result.returncode == 1
  assert "data set 'mine' has no factors" in result.stderr


@pytest.mark.parametrize("size", [32, 64])
def test_the_page_shows_the_numbers_of_the_files(size):
  page = pathlib.Path("docs/critical_beta.md").read_text().splitlines()
  content = json_file.read(
    pathlib.Path(f"docs/results/worth/dsprites_{size}.json"), worth.KIND
  )
  assert content["num_images"] == 737_280
  table = worth.to_markdown(content).split("\n\n")[2].splitlines()
  start = page.index(table[2])
  assert page[start - 2 : start + len(table) - 2] == table
