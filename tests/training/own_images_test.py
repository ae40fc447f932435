"""A run trains on images of the user's own, and is scored on their labels."""

import json

import numpy as np
from PIL import Image

from cascade_jax import config as config_lib
from cascade_jax.evaluation import evaluate
from cascade_jax.training import loop


def test_run_on_a_folder_of_labelled_images(tmp_path, tiny_config):
  rng = np.random.default_rng(0)
  for index in range(30):
    path = tmp_path / "pets" / ("cat", "dog", "owl")[index % 3] / f"{index}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (28, 28), np.uint8)).save(path)
  tiny_config.data.name = "folder"
  tiny_config.data.path = str(tmp_path / "pets")
  tiny_config.num_steps = 4
  config_lib.check(tiny_config)
  run = tmp_path / "run"
  assert loop.train(tiny_config, run).step == 4
  evaluate.evaluate_run(run)
  evaluation = json.loads((run / "evaluation.json").read_text())
  assert evaluation["dataset"] == "pets" and evaluation["num_images"] == 30
  assert 1 / 3 <= evaluation["classification_accuracy"] <= 1
