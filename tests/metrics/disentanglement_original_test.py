"""The disentanglement score, compared with the code of its authors."""

import numpy as np
import pytest

from cascade_jax import metrics
from tests.helpers import scored_codes, stored_scores

ORIGINAL = stored_scores.values("jeong_song_2019.json")
CONSTANT = ("with_constant", "perfect_with_one_category")
ALIKE = sorted(ORIGINAL.keys() - {"origin", *CONSTANT})


def arguments(name):
  """Returns the arguments for the inputs that the authors' code was run on."""
  if name.startswith("trained"):
    means, factors, categories = stored_scores.codes(name)
    kl = None if name == "trained_unpruned" else mean_kl()
  else:
    means, factors, kl = None, scored_codes.grid(), None
    means = getattr(scored_codes, name.partition("_with_")[0])()
    categories = {
      "fewer_with_categories": factors[:, 2:],
      "perfect_with_one_category": np.zeros(len(factors), int),
    }.get(name)
  return {
    "means": means,
    "factors": factors,
    "categories": categories,
    "kl": kl,
  }


def mean_kl():
  stored = scored_codes.trained()
  means, scales = stored["means"], stored["scales"]
  return ((means**2 + scales**2 - 1) / 2 - np.log(scales)).mean(axis=0)


@pytest.mark.parametrize("name", ALIKE)
def test_the_same_draws_give_the_votes_of_the_authors_code(name):
  result = metrics.disentanglement_score(**arguments(name))
  np.testing.assert_array_equal(result.votes, ORIGINAL[name]["votes"])
  assert result.score == pytest.approx(ORIGINAL[name]["same_votes"], rel=1e-12)


@pytest.mark.parametrize(
  "name",
  [
    "trained",
    "trained_with_categories",
    "trained_unpruned",
    "rotated",
    "noise",
  ],
)
def test_mean_score_over_seeds_equals_the_authors_code(name):
  inputs = arguments(name)
  ours = [
    metrics.disentanglement_score(**inputs, seed=seed).score
    for seed in range(10)
  ]
  assert stored_scores.distance_of_means(ours, ORIGINAL[name]["own_votes"]) < 3


@pytest.mark.parametrize("name", CONSTANT)
def test_constant_columns_get_all_votes_there_and_none_here(name):
  votes = np.array(ORIGINAL[name]["votes"])
  assert ORIGINAL[name]["same_votes"] == 1 / 4
  assert (votes[-1] == 200).all() and not votes[:-1].any()
  result = metrics.disentanglement_score(**arguments(name))
  assert result.score == 1
  np.testing.assert_array_equal(result.votes[:4], ORIGINAL["perfect"]["votes"])
  assert not result.votes[4:].any()
