"""Bootstrap intervals of scores."""

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.metrics import MetricInputs, intervals
from tests.helpers.scored_codes import trained_model

QUICK = ("mig", "sap", "irs")


def test_intervals_cover_the_true_value_in_95_percent_of_datasets():
  """The true value is an accuracy of 0.7."""
  rng = np.random.default_rng(0)
  covered = []
  for _ in range(400):
    classes = rng.integers(3, size=300)
    right = rng.random(300) < 0.7
    categories = np.where(right, classes, (classes + 1) % 3)
    inputs = MetricInputs(
      classes[:, None], categories=categories, classes=classes
    )
    name = "classification_accuracy"
    # With four halves, 1.96 standard errors would cover only 0.86.
    value, low, high = intervals(inputs, [name], resamples=4)[0][name]
    np.testing.assert_allclose(high - value, value - low)
    covered.append(low <= 0.7 <= high)
  assert 0.92 <= np.mean(covered) <= 0.98


def test_intervals_depend_only_on_the_seed_and_keep_the_score():
  inputs = trained_model(kl=np.ones(6)).take(np.arange(0, 2000, 2))
  result, reasons = intervals(inputs, QUICK, resamples=3)
  assert not reasons
  assert result == intervals(inputs, QUICK, resamples=3)[0]
  assert result != intervals(inputs, QUICK, resamples=3, seed=1)[0]
  whole = metrics.score(inputs, QUICK)
  assert {name: ends[0] for name, ends in result.items()} == whole


def test_halves_with_too_few_examples_give_a_score_without_interval():
  pairs = np.repeat(np.arange(20), 2)[:, None]  # two examples of each value
  inputs = MetricInputs(pairs, pairs + 0.5)
  result, reasons = intervals(inputs, ["sap", "mig"], resamples=2)
  assert result["sap"].score == metrics.score(inputs, ["sap"])["sap"]
  assert np.isnan(result["sap"].low) and np.isfinite(result["mig"].low)
  assert list(reasons) == ["sap"]
  assert "no interval, half of the examples: factors must" in reasons["sap"]
  with pytest.raises(ValueError, match="resamples must be an integer of at le"):
    intervals(inputs, ["mig"], resamples=1)


def test_halves_in_which_a_factor_is_constant_give_no_interval():
  factors = np.stack([np.arange(40) % 4, np.arange(40) == 0], axis=1)
  result, reasons = intervals(MetricInputs(factors, factors + 0.1), ["mig"])
  assert np.isnan(result["mig"].low)
  assert "factor 1 (from 0) has one value there" in reasons["mig"]


def test_halves_with_more_factors_than_examples_give_no_interval():
  factors = np.tile([[0, 0, 0], [1, 1, 1]], (3, 1))[:5]
  result, reasons = intervals(MetricInputs(factors, factors + 0.1), ["mig"])
  assert np.isnan(result["mig"].low)
  assert "no interval, half of the examples" in reasons["mig"]


def test_a_single_example_gives_no_interval():
  one = np.zeros(1, int)
  result, reasons = intervals(MetricInputs(categories=one, classes=one))
  assert result["classification_accuracy"].score == 1
  assert np.isnan(result["classification_accuracy"].low)
  assert "no interval" in reasons["classification_accuracy"]
