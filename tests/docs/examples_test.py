"""The Python examples of the pages run, in order, in one namespace a page.

An HTML comment "not run: REASON" before an example says that it needs what a
test does not have. A run and its images are what the reader has already; a call
of `train` is checked and gives the model of that run.
"""

import importlib
import inspect
import pathlib
import re
import shutil

import jax
import numpy as np
import pytest

import cascade_jax
from cascade_jax import config as config_lib
from cascade_jax import data, model
from cascade_jax.evaluation import evaluate
from cascade_jax.training import loop
from tests.helpers import tiny_run

PAGES = (
  "README.md",
  "docs/method.md",
  "docs/models.md",
  *map(str, sorted(pathlib.Path("docs/tutorials").glob("*.md"))),
)
EXAMPLE = re.compile(
  r"(?P<skipped><!-- not run: [^>]*-->\n\n)?^```python\n(?P<code>.*?)^```$",
  re.MULTILINE | re.DOTALL,
)
RUNS = ("runs/mine", "runs/own", "runs/sweep/seed_3")
train_module = importlib.import_module("cascade_jax.model.train")


def train(images, workdir, config=None, **settings):
  """Checks the arguments; returns the model of the run that is there."""
  inspect.signature(train_module.train).bind(
    images, workdir, config, **settings
  )
  data.from_arrays("images", images)
  config_lib.check(train_module._with_settings(config, settings))
  return cascade_jax.load(workdir)


def given():
  """What the pages take for granted, by the names that they use."""
  rng = np.random.default_rng(0)
  return {
    "jax": jax,
    "images": rng.integers(0, 2, (30, 16, 16), dtype=np.uint8),
    "labels": np.arange(30) % 3,
    "latents": np.zeros((120, 3), np.float32),
    "means": rng.normal(size=(120, 3)),
    "factors": np.stack([np.arange(120) % 3, np.arange(120) // 30], axis=1),
    "categories": np.arange(120) % 3,
  }


@pytest.fixture(scope="module")
def reader_folder(tmp_path_factory):
  """A folder with a scored run, and its export as docs/models.md writes it."""
  folder = tmp_path_factory.mktemp("reader")
  dataset = tiny_run.tiny_dataset()
  first, *others = (folder / run for run in RUNS)
  loop.train(tiny_run.tiny_config(), first, dataset)
  evaluate.evaluate_run(first, dataset=dataset)
  for other in others:
    shutil.copytree(first, other)
  cascade_jax.load(first).export(folder)
  return folder


def examples(page):
  """The code of each example of a page that is to be run."""
  text = pathlib.Path(page).read_text(encoding="utf-8")
  return [m["code"] for m in EXAMPLE.finditer(text) if not m["skipped"]]


@pytest.mark.parametrize("page", PAGES)
def test_examples_run(page, reader_folder, tmp_path, monkeypatch):
  codes = examples(page)
  assert codes
  shutil.copytree(reader_folder, tmp_path, dirs_exist_ok=True)
  monkeypatch.chdir(tmp_path)
  monkeypatch.setattr(model, "train", train)
  # Small images of one orientation, where all of dSprites is asked for.
  monkeypatch.setattr(data.dsprites.load, "__defaults__", (32, "mean", 1, None))
  namespace = given()
  for number, code in enumerate(codes, 1):
    exec(compile(code, f"{page}, example {number}", "exec"), namespace)


def test_examples_that_are_not_run_say_why():
  text = "<!-- not run: no network -->\n\n```python\nload()\n```\n"
  (example,) = EXAMPLE.finditer(text)
  assert example["skipped"] and example["code"] == "load()\n"
