"""The FactorVAE metric in disentanglement_lib's protocol."""

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.metrics import disentanglement
from tests.helpers import stored_scores

SIZES = (3, 4, 5)
ORIGINAL = stored_scores.values("disentanglement_lib_c.json")


def grid():
  return np.tile(np.indices(SIZES).reshape(len(SIZES), -1).T, (4, 1))


def score(means, factors, **changes):
  return metrics.disentanglement_score_dlib(
    means, factors, **{"num_train": 300, "num_test": 200, **changes}
  ).score


def noisy(rng, noise):
  factors = grid()
  return factors + noise * rng.standard_normal(factors.shape), factors


def loop_implementation(means, factors, num_train, num_test, vote_size, seed):
  """Returns the score of the same draws, vote by vote in loops."""
  rng = np.random.default_rng(seed)
  tallies = []
  for num_votes in (num_train, num_test):
    tally = np.zeros((means.shape[1], factors.shape[1]), int)
    chosen = rng.integers(factors.shape[1], size=num_votes)
    for factor in range(factors.shape[1]):
      count = (chosen == factor).sum()
      for rows in disentanglement.draw_votes(
        factors[:, factor], count, vote_size, rng
      ):
        ratios = [
          np.var(means[rows, j], ddof=1) / np.var(means[:, j], ddof=1)
          for j in range(means.shape[1])
        ]
        tally[int(np.argmin(ratios)), factor] += 1
    tallies.append(tally)
  train, test = tallies
  right = sum(test[j, np.argmax(train[j])] for j in range(means.shape[1]))
  return right / num_test


def test_it_equals_a_loop_implementation():
  means, factors = noisy(np.random.default_rng(0), 1.5)
  fast = score(means, factors, vote_size=7, seed=3)
  assert fast == loop_implementation(means, factors, 300, 200, 7, 3)
  assert 0.4 < fast < 0.95  # the classifier makes some errors


@pytest.mark.parametrize("name", sorted(ORIGINAL.keys() - {"origin"}))
def test_the_same_draws_give_the_score_of_disentanglement_lib(name):
  means, factors, _ = stored_scores.codes(name)
  ours = metrics.disentanglement_score_dlib(means, factors).score
  assert ours == pytest.approx(ORIGINAL[name]["same_votes"], rel=1e-12)


def distance(name, draws):
  return stored_scores.distance_of_means(
    stored_scores.dlib_scores_over_seeds(name), ORIGINAL[name][draws]
  )


@pytest.mark.parametrize("name", ["trained", "rotated", "noise", "fewer"])
def test_mean_score_over_seeds_equals_disentanglement_lib(name):
  assert distance(name, "own_votes_exact_variances") < 3


def test_estimated_variances_matter_only_for_ties():
  """Mixed columns tie in each vote: the estimation error decides."""
  for name in ("trained", "noise", "fewer"):
    assert distance(name, "own_votes") < 3
  assert distance("rotated", "own_votes") > 3
  assert ORIGINAL["rotated"]["own_votes"]["mean"] == pytest.approx(
    ORIGINAL["rotated"]["own_votes_exact_variances"]["mean"], abs=0.03
  )


def test_perfect_codes_score_one_and_mixed_ones_do_not():
  means, factors = noisy(np.random.default_rng(0), 0.01)
  assert score(means, factors) == 1
  assert score(means[:, [2, 0, 1]], factors) == 1
  first, second, third = (means / means.std(axis=0)).T
  turned = np.column_stack([first + second, first - second, third])
  assert 0.5 < score(turned, factors) < 0.9  # mixed by 45 degrees


def test_votes_are_held_out():
  """With noise, a classifier of many columns overfits its training votes."""
  rng = np.random.default_rng(0)
  factors = grid()
  means = rng.standard_normal((len(factors), 60))
  accuracy = score(means, factors, num_train=60, num_test=3000, vote_size=10)
  assert abs(accuracy - 1 / 3) < 0.1


def test_columns_that_hardly_vary_are_dropped():
  """Such a column would get every vote for the factor that it encodes."""
  means, factors = noisy(np.random.default_rng(0), 0.01)
  small = np.column_stack([means[:, 0] * 0.04, means[:, 1:]])
  assert small[:, 0].std() < 0.05
  assert score(small, factors) == score(means[:, 1:], factors) < 0.8
  assert score(0.01 * means, factors) == 0.0
  assert score(small, factors, scale_threshold=0.0) == 1


def test_malformed_options_are_named():
  means, factors = noisy(np.random.default_rng(0), 0.01)
  for name, least in (
    ("num_train", 1),
    ("num_test", 1),
    ("vote_size", 2),
    ("seed", 0),
  ):
    with pytest.raises(ValueError, match=f"{name} must be an integer of at le"):
      score(means, factors, **{name: least - 1})
  with pytest.raises(ValueError, match="scale_threshold must be a finite"):
    score(means, factors, scale_threshold=np.nan)


def test_one_factor_is_refused():
  """Any column would name the right one of a single factor."""
  means, factors = noisy(np.random.default_rng(0), 0.01)
  with pytest.raises(ValueError, match="two that vary"):
    score(means, factors[:, :1])


def test_columns_that_mix_the_same_factors_tie_on_an_exact_grid():
  """The first column of each pair gets the votes for both factors."""
  factors = np.tile(np.indices((4, 4, 4, 4)).reshape(4, -1).T, (3, 1))
  turn = np.array([[1, 1], [-1, 1]]) * np.sqrt(0.5)
  means = np.concatenate(
    [(factors[:, p] - 1.5) @ turn for p in ([0, 1], [2, 3])], 1
  )
  assert 0.45 < score(means, factors, num_train=3000, num_test=2000) < 0.55
  paper = metrics.disentanglement_score(means, factors)
  assert paper.score == 0.5
  np.testing.assert_array_equal(paper.votes[[1, 3]], 0)


def test_the_result_holds_the_votes_and_columns():
  means, factors = noisy(np.random.default_rng(0), 0.01)
  result = metrics.disentanglement_score_dlib(
    np.column_stack([means[:, 0] * 0, means]), factors, num_train=30, num_test=9
  )
  assert result.train_votes.sum() == 30 and result.test_votes.sum() == 9
  np.testing.assert_array_equal(result.columns, [1, 2, 3])
  assert result.train_votes.shape == result.test_votes.shape == (3, 3)


def test_a_constant_factor_is_never_drawn():
  means, factors = noisy(np.random.default_rng(0), 0.01)
  constant = np.column_stack([np.zeros(len(factors), int), factors])
  assert score(means, constant) == 1


@pytest.mark.parametrize(
  ("means", "factors", "message"),
  [
    (np.zeros(5), np.zeros((5, 2), int), "means must have shape"),
    (np.full((5, 1), np.nan), np.zeros((5, 2), int), "NaN or infinity"),
    (np.zeros((5, 1)), np.full((5, 2), 0.5), "factors must be integers"),
    (np.zeros((5, 1)), np.zeros((5, 2), int), "more than one value"),
  ],
)
def test_malformed_input_is_named(means, factors, message):
  with pytest.raises(ValueError, match=message):
    score(means, factors)
