"""What holds of each score for any codes: its range, and what must not matter.

The codes are drawn at random, some of them degenerate: few examples, one value,
constant columns, columns far from 0, a factor as a column.
"""

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.errors import UndefinedMetricError
from cascade_jax.metrics import METRICS, MetricInputs, intervals

SLOW = (
  "dci",
  "sap",
  "explicitness",
  "beta_vae_score",
  "disentanglement_score_dlib",
)
QUICK = tuple(name for name in METRICS if name not in SLOW)
# Those that draw no examples, so that the order of examples can't matter.
EXACT = ("mig", "robust_mig", "modularity", "irs", "category_agreement")


def drawn(seed):
  """Returns random codes of at most 150 examples."""
  rng = np.random.default_rng(seed)
  count = int(rng.integers(8, 150))
  factors = rng.integers(rng.integers(1, 9, 3), size=(count, 3))
  means = rng.standard_normal((count, 3)) * rng.choice([0, 1e-3, 1], 3)
  means[:, 0] += rng.choice([0, 1, 3]) * factors[:, 0]
  classes = factors[:, 0]
  noise = rng.integers(rng.integers(1, 6), size=count)
  categories = np.where(rng.random(count) < rng.random(), classes, noise)
  scales = rng.uniform(0.01, 1, means.shape)
  return MetricInputs(factors, means, categories, scales, classes=classes)


def check_ranges(inputs, names):
  scores, _ = intervals(inputs, names, resamples=2)
  for metric in METRICS.values():
    for name in metric.scores.keys() & scores.keys():
      least, largest = metric.ranges.get(name, (0, 1))
      value, low, high = scores[name]
      assert least - 1e-9 <= value <= largest + 1e-9, name
      if not np.isnan(low):
        assert least <= low <= high <= largest, name
        assert low - 1e-9 <= value <= high + 1e-9, name


def is_defined(inputs, name):
  try:
    METRICS[name].compute(inputs, 0)
  except UndefinedMetricError:
    return False
  return True


@pytest.mark.parametrize("seed", range(10))
def test_scores_and_intervals_lie_in_their_range(seed):
  inputs = drawn(seed)
  if names := [name for name in QUICK if is_defined(inputs, name)]:
    check_ranges(inputs, names)


def test_slow_scores_lie_in_their_range():
  inputs = drawn(2)
  names = [name for name in SLOW if is_defined(inputs, name)]
  assert len(names) > 3
  scores = metrics.score(inputs, names)
  assert all(0 <= value <= 1 for value in scores.values()), scores


def test_intervals_end_where_the_range_of_the_score_does():
  """Two standard errors above an accuracy of 39 / 40 would be above 1."""
  classes = np.arange(40) % 2
  categories = classes.copy()
  categories[0] = 1
  inputs = MetricInputs(categories=categories, classes=classes)
  found, _ = intervals(
    inputs, ["classification_accuracy", "category_agreement"]
  )
  for name, (value, low, high) in found.items():
    assert low < value < high == 1, name


def test_irs_can_be_below_0_as_its_range_says():
  """Examples are far from the mean of their value, but not from that of all."""
  means = np.repeat([0.0, 1.0, 1.0, 0.0], [96, 4, 96, 4])[:, None]
  inputs = MetricInputs(np.repeat([0, 1], 100)[:, None], means)
  assert -1 <= metrics.score(inputs, ["irs"])["irs"] < -0.9


@pytest.mark.parametrize("seed", range(12))
def test_order_and_numbers_of_values_do_not_matter(seed):
  """Nor do the order of examples and the places of ids on the number line."""
  inputs = drawn(seed)
  rng = np.random.default_rng(seed)
  ids = rng.permutation(10)[inputs.factors] * 3_000_000 - 7
  rows = rng.permutation(len(ids))
  changed = inputs._replace(
    factors=ids.astype(np.float64),
    categories=rng.permutation(10)[inputs.categories],
    classes=rng.permutation(10)[inputs.classes],
  ).take(rows)
  names = [name for name in EXACT if is_defined(inputs, name)]
  for name in names:
    first, second = (METRICS[name].compute(x, 0) for x in (inputs, changed))
    assert first == pytest.approx(second, abs=1e-9), name
