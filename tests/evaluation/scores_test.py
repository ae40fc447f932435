"""What a model's codes are asked is what the protocols say."""

import numpy as np

from cascade_jax import data
from cascade_jax.evaluation import scores
from cascade_jax.types import Representation
from tests.helpers import scored_codes, stored_scores


def test_scores_of_a_model_are_those_that_the_originals_give_its_codes():
  """Of means, by their KL, with the category, and of the images they are of."""
  stored = scored_codes.trained()
  factors = np.zeros_like(stored["factors"])
  indices = np.random.default_rng(0).permutation(len(factors))
  factors[indices] = stored["factors"]
  dataset = data.Dataset(
    "codes alone",
    np.zeros((len(factors), 1, 1, 1), np.uint8),
    (1, 1, 1),
    8,
    factors,
    ("shape", "scale", "orientation", "x", "y"),
  )
  codes = Representation(
    stored["means"],
    stored["scales"],
    stored["categories"][:, None],
    np.zeros(len(factors)),
  )
  found = scores.score_representation(
    codes, scores.mean_kl(codes), dataset, indices
  )
  authors = stored_scores.values("jeong_song_2019.json")
  assert found["votes"] == authors["trained_with_categories"]["votes"]
  assert found["vote_columns"] == ["z1", "z4", "z5", "code"]
  assert found["vote_factors"] == ["shape", "scale", "x", "y"]
  assert found["column_factors"] == ["y", "x", "shape", "scale"]
  dlib = stored_scores.values("disentanglement_lib_c.json")["trained"]
  assert found["disentanglement_score_dlib"] == dlib["same_votes"]


def test_one_factor_has_an_accuracy_but_no_disentanglement():
  """Of one factor, any code would name the right one: noise scored 100 %."""
  classes = np.repeat([0, 1, 2], 20)
  dataset = data.from_arrays(
    "one", np.zeros((60, 16, 16)), classes[:, None], ("kind",), "kind"
  )
  noise = np.random.default_rng(0).normal(size=(60, 2))
  codes = Representation(
    noise, np.ones((60, 2)), classes[:, None], np.zeros(60)
  )
  found = scores.score_representation(codes, None, dataset, np.arange(60))
  assert found["classification_accuracy"] == 1
  assert found["disentanglement_score"] is None
  assert found["disentanglement_score_dlib"] is None
  assert "votes" not in found
