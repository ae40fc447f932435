"""The models that come with the package, on real images of their data sets."""

import pathlib

import numpy as np
import pytest

import cascade_jax
from cascade_jax import data, metrics

FILES = pathlib.Path(cascade_jax.__file__).parent.glob("model/shipped/*")
SHIPPED = sorted(path.stem for path in FILES)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_knows_the_shapes(name):
  model = cascade_jax.load(name)
  settings = model.contents.config["data"]
  dataset = data.load(**settings)
  rows = np.random.default_rng(0).permutation(len(dataset.images))[:500]
  codes = model.represent(data.HostImages(dataset)[rows])
  accuracy = metrics.classification_accuracy(
    codes.categories[:, 0], dataset.classes[rows]
  ).accuracy
  said = model.scores["classification_accuracy"]
  assert abs(accuracy - said) < 0.02 and said > 0.9
  assert model.scores["dataset"] == model.contents.dataset == dataset.name
