"""The histogram of the unary costs' gaps."""

import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.assignment.gaps import GAP_EDGES, gap_counts


def slow_twin(costs):
  counts = [0] * (len(GAP_EDGES) + 1)
  for row in costs:
    cheapest, following = sorted(row)[:2]
    counts[sum(following - cheapest >= edge for edge in GAP_EDGES)] += 1
  return counts


def test_it_equals_the_slow_twin_in_numpy_and_in_jax():
  rng = np.random.default_rng(0)
  gaps = 10.0 ** rng.uniform(-4, 4, (5, 64, 1))
  costs = np.concatenate([gaps, 0 * gaps, 2 * gaps], axis=2) + 3
  costs = rng.permuted(costs, axis=2).astype(np.float32)
  expected = [slow_twin(batch) for batch in costs]
  found = gap_counts(costs)
  assert isinstance(found, np.ndarray)
  np.testing.assert_array_equal(found, expected)
  np.testing.assert_array_equal(
    jax.jit(gap_counts)(jnp.asarray(costs)), expected
  )
  assert (np.sum(expected, axis=0) > 9).all()


def test_equal_costs_have_no_gap():
  np.testing.assert_array_equal(
    gap_counts(np.ones((7, 3), np.float32)), [7, 0, 0, 0, 0, 0]
  )
