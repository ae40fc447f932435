"""The model that comes with the package, on real images of its data set."""

import numpy as np

import cascade_jax
from cascade_jax import data, metrics


def test_the_shipped_model_knows_the_shapes():
  model = cascade_jax.load("demo")
  dataset = data.dsprites.load(32, "mean", num_orientations=1)
  rows = np.random.default_rng(0).permutation(len(dataset.images))[:500]
  codes = model.represent(data.HostImages(dataset)[rows])
  accuracy = metrics.classification_accuracy(
    codes.categories[:, 0], dataset.classes[rows]
  ).accuracy
  said = model.scores["classification_accuracy"]
  assert abs(accuracy - said) < 0.02 and said > 0.9
  assert model.scores["dataset"] == model.contents.dataset == dataset.name
