"""Spearman's rank correlation and its bootstrap interval."""

import numpy as np
import pytest
from scipy import stats

from cascade_jax.metrics import rank_correlation


def figures(num_runs=9, seed=0):
  """Two related figures, the first with ties."""
  rng = np.random.default_rng(seed)
  first = rng.integers(5, size=num_runs).astype(float)
  return first, first + 2 * rng.standard_normal(num_runs)


def test_it_equals_a_loop_over_resamples():
  first, second = figures()
  result = rank_correlation(first, second, resamples=200, seed=4)
  assert result.rho == pytest.approx(stats.spearmanr(first, second).statistic)
  drawn = np.random.default_rng(4).integers(9, size=(200, 9))
  every = [stats.spearmanr(first[k], second[k]).statistic for k in drawn]
  np.testing.assert_allclose(
    [result.low, result.high], np.quantile(every, [0.025, 0.975])
  )
  assert result.num_runs == 9


def test_known_answers():
  ascending = np.arange(5.0)
  assert rank_correlation(ascending, ascending**3)[:3] == (1, 1, 1)
  assert rank_correlation(ascending, -ascending)[:3] == (-1, -1, -1)
  # 1 - 6 sum d^2 / (n (n^2 - 1)) with the last two exchanged.
  swapped = rank_correlation(ascending, np.array([0, 1, 2, 4, 3.0]))
  assert swapped.rho == pytest.approx(1 - 6 * 2 / (5 * 24))
  assert swapped.low < swapped.rho <= swapped.high == pytest.approx(1)


def test_only_the_order_matters():
  first, second = figures()
  result = rank_correlation(first, second)
  assert rank_correlation(np.exp(first), 3 * second - 7) == result
  turned = rank_correlation(first, -second)
  np.testing.assert_allclose(
    turned[:3], (-result.rho, -result.high, -result.low)
  )
  other_seed = rank_correlation(first, second, seed=1)
  assert other_seed.rho == result.rho and other_seed.low != result.low


def test_intervals_cover_the_true_value_in_95_percent_of_samples():
  correlation = 0.5
  true = 6 / np.pi * np.arcsin(correlation / 2)  # of a normal distribution
  covariance = [[1, correlation], [correlation, 1]]
  rng = np.random.default_rng(0)
  covered = []
  for _ in range(400):
    runs = rng.multivariate_normal([0, 0], covariance, size=12)
    _, low, high, _ = rank_correlation(*runs.T, resamples=400)
    covered.append(low <= true <= high)
  assert 0.92 <= np.mean(covered) <= 0.98


def test_runs_without_one_of_the_figures_are_left_out():
  first, second = figures()
  with_gaps = np.append(first, [np.nan, 3.0]), np.append(second, [1.0, np.nan])
  assert rank_correlation(*with_gaps) == rank_correlation(first, second)


@pytest.mark.parametrize(
  ("first", "second", "num_runs"),
  [
    ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], 3),
    ([1.0, 2.0], [1.0, 2.0], 2),
    ([], [], 0),
    ([np.nan, 1.0, 2.0], [1.0, 2.0, 3.0], 2),
  ],
)
def test_without_an_order_there_is_no_rho(first, second, num_runs):
  *numbers, count = rank_correlation(np.array(first), np.array(second))
  assert np.isnan(numbers).all() and count == num_runs


def test_resamples_in_which_a_figure_is_constant_are_left_out():
  result = rank_correlation(np.array([0, 0, 1.0]), np.array([1, 2, 3.0]))
  assert np.isfinite(result[:3]).all()
  assert result.low <= result.rho <= result.high


def test_malformed_input_is_named():
  ones = np.arange(3.0)
  for first, second, message in (
    (ones, ones[1:], r"the same shape \[R\].*\(3,\) and \(2,\)"),
    (ones[None], ones[None], "the same shape"),
    (ones, np.array([0, np.inf, 1]), "finite, or NaN"),
  ):
    with pytest.raises(ValueError, match=message):
      rank_correlation(first, second)
  with pytest.raises(ValueError, match="resamples must be an integer"):
    rank_correlation(ones, ones, resamples=0)
