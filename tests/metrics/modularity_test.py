"""Modularity and explicitness."""

import numpy as np
import pytest

from cascade_jax.errors import UndefinedMetricError
from cascade_jax.metrics.modularity import explicitness, modularity
from tests.helpers import scored_codes, stored_scores


def slow_modularity(information):
  """Returns the score of each column; uninformative columns score 0."""
  scores = []
  for row in information:
    best = max(row)
    rest = sum(other**2 for other in row) - best**2
    scores.append(1 - rest / (best**2 * (len(row) - 1)) if best else 0.0)
  return scores


@pytest.mark.parametrize("name", ["rotated", "with_constant", "noise", "more"])
def test_modularity_equals_a_loop_implementation(name):
  result = modularity(getattr(scored_codes, name)(), scored_codes.grid())
  expected = slow_modularity(result.information.tolist())
  np.testing.assert_allclose(result.column_scores, expected)
  assert result.score == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("name", ["perfect", "permuted", "duplicated", "fewer"])
def test_columns_of_one_factor_are_modular(name):
  """Neither duplicates nor factors without a column lower the score."""
  result = modularity(getattr(scored_codes, name)(), scored_codes.grid())
  np.testing.assert_allclose(result.column_scores, 1, atol=0.001)


def test_columns_of_two_factors_are_not_modular():
  result = modularity(scored_codes.rotated(), scored_codes.grid())
  assert (result.column_scores < 0.9).all()
  # Equal information about two of four factors: 1 - I^2 / 3 I^2.
  factors = np.indices((2, 2, 2, 2)).reshape(4, -1).T
  result = modularity(None, factors, categories=factors[:, 0] + factors[:, 1])
  assert result.score == pytest.approx(2 / 3)


def test_a_constant_column_and_no_columns_score_0():
  factors = scored_codes.grid()
  result = modularity(scored_codes.with_constant(), factors)
  assert result.column_scores[4] == 0
  assert result.score == pytest.approx(0.8, abs=0.001)
  assert modularity(None, factors).score == 0.0


def test_categories_are_columns():
  factors = scored_codes.grid()
  result = modularity(
    scored_codes.rotated(), factors, categories=factors[:, [1]]
  )
  assert result.column_scores[4] == pytest.approx(1)
  assert modularity(None, factors, categories=factors).score == 1


def test_modularity_of_a_single_factor_is_refused():
  """Noise would score 1."""
  factors = scored_codes.with_constant_factor()
  with pytest.raises(
    UndefinedMetricError, match="two that vary; there is only"
  ):
    modularity(scored_codes.noise(), factors[:, 3:])
  result = modularity(scored_codes.noise(), factors[:, 2:])
  assert result.factors.tolist() == [0, 1]


@pytest.mark.parametrize(
  "name",
  ["trained", "trained_with_categories", "perfect", "noise", "with_constant"],
)
def test_modularity_equals_disentanglement_lib(name):
  means, factors, categories = stored_scores.codes(name)
  result = modularity(means, factors, categories=categories)
  stored = stored_scores.values()[f"{name}/modularity"]
  assert result.score == pytest.approx(stored, rel=1e-6)


@pytest.mark.parametrize(
  "name",
  ["perfect", "permuted", "rotated", "duplicated", "with_constant", "more"],
)
def test_linear_codes_of_all_factors_are_explicit(name):
  result = explicitness(getattr(scored_codes, name)(), scored_codes.grid())
  np.testing.assert_allclose(result.factor_scores, 1, atol=0.001)


def test_noise_scores_above_chance_on_training_examples_only():
  result = explicitness(scored_codes.noise(), scored_codes.grid())
  assert (result.train_scores > result.factor_scores).all()
  np.testing.assert_allclose(result.factor_scores, 0.5, atol=0.04)


def test_each_factor_has_its_own_explicitness():
  factors = scored_codes.with_constant_factor()
  result = explicitness(scored_codes.fewer(), factors)
  assert result.factors.tolist() == [0, 1, 2, 3]
  np.testing.assert_allclose(result.factor_scores[:2], 1, atol=0.001)
  np.testing.assert_allclose(result.factor_scores[2:], 0.5, atol=0.05)
  assert result.score == pytest.approx(result.factor_scores.mean())


def test_explicitness_of_categories_and_of_no_columns():
  factors = scored_codes.grid()
  result = explicitness(None, factors, categories=factors[:, [0, 3]])
  np.testing.assert_allclose(result.factor_scores[[0, 3]], 1)
  # On a full grid, what is frequent in the held-out examples is rare in the
  # training examples.
  assert (result.factor_scores[[1, 2]] < 0.5).all()
  np.testing.assert_allclose(result.factor_scores[[1, 2]], 0.5, atol=0.1)
  assert explicitness(None, factors).score == 0.5


def test_nonlinear_codes_are_not_explicit():
  """The third factor is whether the first two are equal."""
  factors = np.indices((2, 2, 50)).reshape(3, -1).T[:, :2]
  same = np.column_stack([factors, factors[:, 0] == factors[:, 1]]).astype(int)
  result = explicitness(factors.astype(float), same)
  assert result.factor_scores[0] == result.factor_scores[1] == 1
  assert result.factor_scores[2] < 0.7


@pytest.mark.parametrize("name", ["trained", "perfect", "rotated", "noise"])
def test_explicitness_is_close_to_disentanglement_lib(name):
  """Only the statistics that standardise the means differ."""
  means, factors, _ = stored_scores.codes(name)
  result = explicitness(means, factors)
  stored = stored_scores.values()
  for scores, key in (
    (result.factor_scores, f"{name}/explicitness_test"),
    (result.train_scores, f"{name}/explicitness_train"),
  ):
    np.testing.assert_allclose(scores, stored[key], atol=3e-4)


def test_the_seed_determines_the_held_out_examples():
  means, factors = scored_codes.noise(), scored_codes.grid()
  first = explicitness(means, factors, seed=1)
  assert first.score == explicitness(means, factors, seed=1).score
  assert first.score != explicitness(means, factors, seed=2).score


def test_malformed_input_is_named():
  means, factors = scored_codes.perfect(), scored_codes.grid()
  with pytest.raises(ValueError, match="seed must be"):
    explicitness(means, factors, seed=-1)
  with pytest.raises(ValueError, match="more than one value"):
    modularity(means, factors * 0)
  factors[0, 1] = 17
  with pytest.raises(ValueError, match="at least 2 examples"):
    explicitness(means, factors)
