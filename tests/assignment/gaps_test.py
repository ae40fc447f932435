"""The histogram of the gaps between unary costs."""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.assignment import GAP_EDGES, gap_counts


def slow_twin(costs):
  """Counts one sample after the other, for costs `[B, K]`."""
  counts = [0] * (len(GAP_EDGES) + 1)
  for row in costs:
    cheapest, next_cheapest = sorted(row)[:2]
    gap = next_cheapest - cheapest
    counts[sum(gap >= edge for edge in GAP_EDGES)] += 1
  return counts


def costs_with_all_gaps():
  """Three batches `[3, 64, 3]` that together fill each bin."""
  rng = np.random.default_rng(0)
  gaps = 10.0 ** rng.uniform(-4, 4, (3, 64, 1))
  costs = np.concatenate([gaps, 0 * gaps, 2 * gaps], axis=2) + 3
  return rng.permuted(costs, axis=2).astype(np.float32)


class GapCountsTest(chex.TestCase):
  def test_numpy_counts_equal_the_slow_twin(self):
    costs = costs_with_all_gaps()
    counts = gap_counts(costs)
    self.assertIsInstance(counts, np.ndarray)
    np.testing.assert_array_equal(counts, [slow_twin(b) for b in costs])
    self.assertTrue((counts.sum(axis=0) > 9).all())

  @chex.variants(with_jit=True, without_jit=True)
  def test_jax_counts_equal_the_slow_twin(self):
    costs = costs_with_all_gaps()
    counts = self.variant(gap_counts)(jnp.asarray(costs))
    self.assertIsInstance(counts, jax.Array)
    chex.assert_shape(counts, (3, len(GAP_EDGES) + 1))
    chex.assert_type(counts, jnp.int32)
    np.testing.assert_array_equal(counts, [slow_twin(b) for b in costs])

  @chex.variants(with_jit=True, without_jit=True)
  def test_equal_costs_have_no_gap(self):
    counts = self.variant(gap_counts)(jnp.ones((7, 3)))
    np.testing.assert_array_equal(counts, [7, 0, 0, 0, 0, 0])


def test_equal_costs_in_numpy_have_no_gap():
  np.testing.assert_array_equal(
    gap_counts(np.ones((7, 3), np.float32)), [7, 0, 0, 0, 0, 0]
  )
