"""Labels that can't be told apart are refused, not scored."""

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.errors import UserError
from cascade_jax.metrics.checks import checked_categories, integer_labels


@pytest.mark.parametrize(
  ("dtype", "first"),
  [(np.float16, 2**11), (np.float32, 2**24), (np.float64, 2**53)],
)
def test_floats_that_skip_whole_numbers_are_refused(dtype, first):
  """From `first` on, the type has no odd numbers."""
  assert dtype(first) + dtype(1) == dtype(first)
  below = np.array([-1, 1]) * (first - 1)
  np.testing.assert_array_equal(
    integer_labels("classes", below.astype(dtype)), below
  )
  for sign in (1, -1):
    wrong = np.array([0, sign * first], dtype)
    with pytest.raises(UserError, match="classes go up to .* as integers"):
      integer_labels("classes", wrong)


def test_factors_that_would_become_one_value_are_not_scored():
  """In int64, all of these floats are -2**63."""
  factors = 2.0**63 * np.array([1, 2, 4, 8] * 10)[:, None]
  inputs = metrics.MetricInputs(factors, np.zeros((40, 1)), np.arange(40) % 4)
  with pytest.raises(UserError, match="factors go up to .* in float64"):
    metrics.score(inputs)


def test_unsigned_integers_are_read_up_to_the_largest_int64():
  largest = np.iinfo(np.int64).max
  labels = np.array([largest - 1, largest], np.uint64)
  assert integer_labels("classes", labels).tolist() == [largest - 1, largest]
  np.testing.assert_array_equal(checked_categories(labels, 2), [[0], [1]])
  with pytest.raises(UserError, match="beyond int64; number the values"):
    integer_labels("classes", labels + np.uint64(1))
