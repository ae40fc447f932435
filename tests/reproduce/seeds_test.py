"""What is said of all seeds together, against what is counted by hand."""

import numpy as np
import pytest

from cascade_jax.reproduce.seeds import ACCURACY, SCORE, best, chosen, median
from cascade_jax.reproduce.seeds import seeds as of_seeds


def summary(values, elbos=None, accuracies=None):
  count = len(values)
  rows = zip(
    values, elbos or [None] * count, accuracies or [None] * count, strict=True
  )
  return {
    "runs": [
      {"seed": 10 + k, SCORE: x, "elbo_at_mean": elbo, ACCURACY: accuracy}
      for k, (x, elbo, accuracy) in enumerate(rows)
    ]
  }


def test_values_are_percent_and_none_if_a_seed_has_none():
  found = of_seeds(summary([0.5, 0.25]), SCORE)
  assert found.values == [50.0, 25.0] and found.interval is None
  assert (
    of_seeds(summary([0.5, 0.25], accuracies=[0.1, None]), ACCURACY) is None
  )


def test_the_interval_is_that_of_many_means_of_seeds_drawn_again():
  values = [0.2, 0.9, 0.4, 0.7, 0.6]
  low, high = of_seeds(summary(values), SCORE).interval
  rng = np.random.default_rng(5)
  means = [np.mean(rng.choice(values, 5)) for _ in range(20_000)]
  expected = 100 * np.percentile(means, [2.5, 97.5])
  np.testing.assert_allclose([low, high], expected, atol=1.5)
  assert of_seeds(summary([0.5] * 4), SCORE).interval == (50.0, 50.0)


def test_the_median_is_a_seed_that_there_is():
  assert median(summary([0.9, 0.1, 0.5]))["seed"] == 12
  assert median(summary([0.9, 0.1, 0.5, 0.4]))["seed"] == 13
  assert median(summary([0.5, 0.5, 0.5]))["seed"] == 11


def test_the_choice_without_labels_and_the_one_with():
  of = summary([0.9, 0.1, 0.5], [-30.0, -29.0, -31.0])
  assert chosen(of)["seed"] == 11 and best(of, SCORE)["seed"] == 10


@pytest.mark.parametrize("elbos", [[-1.0, None], [-1.0, float("nan")]])
def test_without_every_elbo_nothing_is_chosen(elbos):
  assert chosen(summary([0.1, 0.2], elbos)) is None
