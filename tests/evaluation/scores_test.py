"""What a model's codes are asked is what the protocols say."""

import numpy as np

from cascade_jax import data, metrics
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
  assert found["nmi"] == found["ari"] == 1
  assert found["disentanglement_score"] is None
  assert found["disentanglement_score_dlib"] is None
  assert "votes" not in found
  logged = scores.sample_scores(codes, dataset, np.arange(60))
  assert logged["nmi"] == 1 and logged["disentanglement_score"] is None


def test_agreement_is_of_the_most_accurate_variable_on_all_images():
  classes = np.arange(60) % 3
  dataset = data.from_arrays(
    "three", np.zeros((60, 16, 16)), classes[:, None], ("kind",), "kind"
  )
  guess = np.where(np.arange(60) < 45, classes, 0)
  codes = Representation(
    np.zeros((60, 1)),
    np.ones((60, 1)),
    np.stack([np.arange(60) % 2, guess], axis=1),
    np.zeros(60),
  )
  found = scores.score_representation(codes, None, dataset, np.arange(60))
  assert found["class_variable"] == 2
  agreement = metrics.category_agreement(guess, classes)
  assert (found["nmi"], found["ari"]) == agreement
  assert scores.PROTOCOL["nmi"] == scores.PROTOCOL["ari"] != ""
  first = np.flatnonzero(classes == 0)
  one = Representation(*(x[first] for x in codes))
  found = scores.score_representation(one, None, dataset, first)
  assert found["classification_accuracy"] == 1 and found["nmi"] is None
