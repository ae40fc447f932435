"""The interventional robustness score."""

import json

import numpy as np
import pytest

from cascade_jax.metrics.irs import interventional_robustness
from tests.helpers import scored_codes

ORIGINAL = json.loads(
  (scored_codes.FIXTURES / "disentanglement_lib_b.json").read_text()
)["irs"]


def trained():
  codes = scored_codes.trained()
  return codes["means"], codes["factors"]


def slow_robustness(means, factors, quantile):
  matrix = np.zeros((means.shape[1], factors.shape[1]))
  for i, column in enumerate(means.T):
    largest = max(abs(column - column.mean()))
    for j, values in enumerate(factors.T):
      moved = []
      for value in sorted(set(values)):
        group = column[values == value]
        moved.append(np.quantile(abs(group - group.mean()), quantile))
      matrix[i, j] = 1 - np.mean(moved) / largest
  return matrix


@pytest.mark.parametrize("quantile", [0.99, 1.0, 0.5])
def test_it_equals_a_loop_implementation(quantile):
  means, factors = scored_codes.rotated(), scored_codes.grid()
  order = np.random.default_rng(0).permutation(len(means))[:500]
  means, factors = means[order], 7 - 3 * factors[order]
  result = interventional_robustness(means, factors, quantile=quantile)
  np.testing.assert_allclose(
    result.robustness, slow_robustness(means, factors, quantile)
  )


@pytest.mark.parametrize("name", ["trained", "rotated", "noise"])
@pytest.mark.parametrize("quantile", [0.99, 1.0])
def test_it_equals_disentanglement_lib(name, quantile):
  if name == "trained":
    means, factors = trained()
  else:
    means, factors = getattr(scored_codes, name)(), scored_codes.grid()
  expected = ORIGINAL[f"{name}_{quantile}"]
  result = interventional_robustness(means, factors, quantile=quantile)
  np.testing.assert_allclose(result.score, expected["avg_score"], rtol=1e-6)
  np.testing.assert_allclose(
    result.robustness, expected["IRS_matrix"], rtol=1e-6
  )
  np.testing.assert_allclose(
    result.weights, expected["max_deviations"], rtol=1e-6
  )
  parents = [list(result.factors).index(factor) for factor in result.parents]
  assert parents == expected["parents"]


def test_the_binned_factors_of_disentanglement_lib_score_slightly_less():
  expected = ORIGINAL["trained_0.99"]["binned_factors_score"]
  score = interventional_robustness(*trained()).score
  assert 0.01 < score - expected < 0.02


def test_scores_of_known_codes():
  factors = scored_codes.grid()

  def score(means):
    return interventional_robustness(means, factors).score

  assert score(scored_codes.perfect()) > 0.98
  assert score(scored_codes.permuted()) > 0.98
  assert score(scored_codes.duplicated()) > 0.98
  assert score(scored_codes.fewer()) > 0.98  # two factors have no column
  assert 0.45 < score(scored_codes.rotated()) < 0.55
  assert 0.2 < score(scored_codes.noise()) < 0.3
  assert 0.5 < score(scored_codes.more()) < 0.6


def test_the_parent_of_a_column_is_the_factor_that_it_encodes():
  result = interventional_robustness(
    scored_codes.permuted(), scored_codes.grid()
  )
  np.testing.assert_array_equal(result.parents, [2, 0, 3, 1])


def test_columns_are_weighted_by_their_largest_deviation():
  means = np.column_stack([scored_codes.perfect(), scored_codes.noise()[:, 0]])
  small, large = (
    interventional_robustness(means * [1, 1, 1, 1, scale], scored_codes.grid())
    for scale in (0.001, 1000)
  )
  np.testing.assert_allclose(small.robustness, large.robustness)
  assert small.score > 0.98
  assert large.score < 0.4


def test_constant_columns_and_factors_are_left_out():
  plain = interventional_robustness(scored_codes.perfect(), scored_codes.grid())
  still = interventional_robustness(
    np.column_stack([np.full(1440, 0.1), scored_codes.perfect()]),
    np.column_stack([np.full(1440, 7), scored_codes.grid()]),
  )
  assert still.score == plain.score
  np.testing.assert_array_equal(still.columns, [1, 2, 3, 4])
  np.testing.assert_array_equal(still.factors, [1, 2, 3, 4])
  np.testing.assert_array_equal(still.parents, [1, 2, 3, 4])


def test_without_varying_columns_the_score_is_0():
  factors = scored_codes.grid()
  for means in (None, np.full((1440, 2), 0.1)):
    result = interventional_robustness(means, factors)
    assert result.score == 0
    assert result.robustness.shape == (0, 4)


def test_values_with_a_single_example_are_ignored():
  factors, means = scored_codes.grid(), scored_codes.noise()
  plain = interventional_robustness(means, factors)
  factors[0] = 99  # an example whose values are unique
  one = interventional_robustness(means, factors)
  np.testing.assert_allclose(one.robustness, plain.robustness, atol=0.02)
  each = np.random.default_rng(0).permutation(1440)[:, None]
  with pytest.raises(ValueError, match="a value that 2 examples have"):
    interventional_robustness(means, each)


def test_malformed_input_is_named():
  factors = scored_codes.grid()
  for quantile in (-0.1, 99, np.nan):
    with pytest.raises(ValueError, match="quantile must be in 0..1"):
      interventional_robustness(None, factors, quantile=quantile)
  with pytest.raises(ValueError, match="NaN or infinity"):
    interventional_robustness(np.full((1440, 1), np.nan), factors)
  with pytest.raises(ValueError, match="more than one value"):
    interventional_robustness(None, factors * 0)
