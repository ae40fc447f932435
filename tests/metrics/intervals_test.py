"""How far scores would move with other examples."""

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.metrics import MetricInputs, intervals
from tests.helpers.scored_codes import trained_model

QUICK = ("mig", "sap", "irs")


def test_intervals_cover_the_truth_as_often_as_they_say():
  """An accuracy of 0.7, known beforehand, from many data sets."""
  rng = np.random.default_rng(0)
  covered = []
  for _ in range(400):
    classes = rng.integers(3, size=300)
    right = rng.random(300) < 0.7
    categories = np.where(right, classes, (classes + 1) % 3)
    given = MetricInputs(
      classes[:, None], categories=categories, classes=classes
    )
    name = "classification_accuracy"
    # With so few halves 1.96 standard errors would cover 0.86.
    value, low, high = intervals(given, [name], resamples=4)[0][name]
    np.testing.assert_allclose(high - value, value - low)
    covered.append(low <= 0.7 <= high)
  assert 0.92 <= np.mean(covered) <= 0.98


def test_intervals_depend_on_the_seed_alone_and_keep_the_score():
  given = trained_model(kl=np.ones(6))
  found, refusals = intervals(given, QUICK, resamples=3)
  assert not refusals
  assert found == intervals(given, QUICK, resamples=3)[0]
  assert found != intervals(given, QUICK, resamples=3, seed=1)[0]
  whole = metrics.score(given, QUICK)
  assert {name: ends[0] for name, ends in found.items()} == whole


def test_scores_stay_where_halves_are_too_few_for_an_interval():
  pairs = np.repeat(np.arange(20), 2)[:, None]  # two examples a value
  given = MetricInputs(pairs, pairs + 0.5)
  found, refusals = intervals(given, ["sap", "mig"], resamples=2)
  assert found["sap"].score == metrics.score(given, ["sap"])["sap"]
  assert np.isnan(found["sap"].low) and np.isfinite(found["mig"].low)
  assert list(refusals) == ["sap"]
  assert "no interval, half of the examples: factors must" in refusals["sap"]
  with pytest.raises(ValueError, match="resamples must be an integer of at le"):
    intervals(given, ["mig"], resamples=1)


def test_halves_without_one_of_the_factors_give_no_interval():
  factors = np.stack([np.arange(40) % 4, np.arange(40) == 0], axis=1)
  found, refusals = intervals(MetricInputs(factors, factors + 0.1), ["mig"])
  assert np.isnan(found["mig"].low)
  assert "factor 1 (from 0) has one value there" in refusals["mig"]
