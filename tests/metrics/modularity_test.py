"""Modularity and explicitness."""

import numpy as np
import pytest

from cascade_jax.metrics.modularity import explicitness, modularity
from tests.helpers import scored_codes, stored_scores


def slow_modularity(information):
  """Column by column; columns that know nothing score 0."""
  scores = []
  for row in information:
    best = max(row)
    rest = sum(other**2 for other in row) - best**2
    scores.append(1 - rest / (best**2 * (len(row) - 1)) if best else 0.0)
  return scores


@pytest.mark.parametrize("name", ["rotated", "with_constant", "noise", "more"])
def test_modularity_equals_the_slow_twin(name):
  found = modularity(getattr(scored_codes, name)(), scored_codes.grid())
  expected = slow_modularity(found.information.tolist())
  np.testing.assert_allclose(found.column_scores, expected)
  assert found.score == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("name", ["perfect", "permuted", "duplicated", "fewer"])
def test_columns_of_one_factor_are_modular(name):
  """Two for the same factor do no harm, nor do factors that none holds."""
  found = modularity(getattr(scored_codes, name)(), scored_codes.grid())
  np.testing.assert_allclose(found.column_scores, 1, atol=0.001)


def test_columns_of_two_factors_are_not():
  found = modularity(scored_codes.rotated(), scored_codes.grid())
  assert (found.column_scores < 0.9).all()
  # Exactly half and half of four factors: 1 - I^2 / 3 I^2.
  factors = np.indices((2, 2, 2, 2)).reshape(4, -1).T
  found = modularity(None, factors, categories=factors[:, 0] + factors[:, 1])
  assert found.score == pytest.approx(2 / 3)


def test_constant_column_and_no_columns_score_nothing():
  factors = scored_codes.grid()
  found = modularity(scored_codes.with_constant(), factors)
  assert found.column_scores[4] == 0
  assert found.score == pytest.approx(0.8, abs=0.001)
  assert modularity(None, factors).score == 0.0


def test_categories_are_columns():
  factors = scored_codes.grid()
  found = modularity(
    scored_codes.rotated(), factors, categories=factors[:, [1]]
  )
  assert found.column_scores[4] == pytest.approx(1)
  assert modularity(None, factors, categories=factors).score == 1


def test_single_factor_needs_no_other():
  factors = scored_codes.with_constant_factor()[:, 3:]
  found = modularity(scored_codes.with_constant(), factors)
  assert found.factors.tolist() == [0]
  knows = found.information[:, 0] > 0
  assert knows[3] and not knows[4]
  np.testing.assert_array_equal(found.column_scores, knows)


@pytest.mark.parametrize(
  "name",
  ["trained", "trained_with_categories", "perfect", "noise", "with_constant"],
)
def test_modularity_equals_disentanglement_lib(name):
  means, factors, categories = stored_scores.codes(name)
  found = modularity(means, factors, categories=categories)
  stored = stored_scores.values()[f"{name}/modularity"]
  assert found.score == pytest.approx(stored, rel=1e-6)


@pytest.mark.parametrize(
  "name",
  ["perfect", "permuted", "rotated", "duplicated", "with_constant", "more"],
)
def test_whatever_holds_all_factors_in_linear_form_is_explicit(name):
  found = explicitness(getattr(scored_codes, name)(), scored_codes.grid())
  np.testing.assert_allclose(found.factor_scores, 1, atol=0.001)


def test_noise_has_learned_the_examples_fitted_to_only():
  found = explicitness(scored_codes.noise(), scored_codes.grid())
  assert (found.train_scores > found.factor_scores).all()
  np.testing.assert_allclose(found.factor_scores, 0.5, atol=0.04)


def test_explicitness_is_by_factor():
  factors = scored_codes.with_constant_factor()
  found = explicitness(scored_codes.fewer(), factors)
  assert found.factors.tolist() == [0, 1, 2, 3]
  np.testing.assert_allclose(found.factor_scores[:2], 1, atol=0.001)
  np.testing.assert_allclose(found.factor_scores[2:], 0.5, atol=0.05)
  assert found.score == pytest.approx(found.factor_scores.mean())


def test_explicit_categories_and_none():
  factors = scored_codes.grid()
  found = explicitness(None, factors, categories=factors[:, [0, 3]])
  np.testing.assert_allclose(found.factor_scores[[0, 3]], 1)
  # Of a full grid, those held out have what those fitted to have too few of.
  assert (found.factor_scores[[1, 2]] < 0.5).all()
  np.testing.assert_allclose(found.factor_scores[[1, 2]], 0.5, atol=0.1)
  assert explicitness(None, factors).score == 0.5


def test_what_is_not_linear_is_not_explicit():
  """Two factors hold the first, but only as equal or not."""
  factors = np.indices((2, 2, 50)).reshape(3, -1).T[:, :2]
  same = np.column_stack([factors, factors[:, 0] == factors[:, 1]]).astype(int)
  found = explicitness(factors.astype(float), same)
  assert found.factor_scores[0] == found.factor_scores[1] == 1
  assert found.factor_scores[2] < 0.7


@pytest.mark.parametrize("name", ["trained", "perfect", "rotated", "noise"])
def test_explicitness_is_that_of_disentanglement_lib(name):
  """But for the mean and spread that means are standardised by."""
  means, factors, _ = stored_scores.codes(name)
  found = explicitness(means, factors)
  stored = stored_scores.values()
  for scores, key in (
    (found.factor_scores, f"{name}/explicitness_test"),
    (found.train_scores, f"{name}/explicitness_train"),
  ):
    np.testing.assert_allclose(scores, stored[key], atol=3e-4)


def test_the_seed_decides_what_is_held_out():
  means, factors = scored_codes.noise(), scored_codes.grid()
  first = explicitness(means, factors, seed=1)
  assert first.score == explicitness(means, factors, seed=1).score
  assert first.score != explicitness(means, factors, seed=2).score


def test_bad_input_is_named():
  means, factors = scored_codes.perfect(), scored_codes.grid()
  with pytest.raises(ValueError, match="seed must be"):
    explicitness(means, factors, seed=-1)
  with pytest.raises(ValueError, match="more than one value"):
    modularity(means, factors * 0)
  factors[0, 1] = 17
  with pytest.raises(ValueError, match="at least 2 examples"):
    explicitness(means, factors)
