"""Integers in two halves, compared with NumPy's 64-bit integers."""

import chex
import jax.numpy as jnp
import numpy as np
from absl.testing import parameterized

from cascade_jax.assignment import int64

# Where halves carry, borrow, overflow or change the sign.
EDGES = np.array(
  [0, 1, -1, 2**31, 2**32 - 1, 2**32, -(2**32), 2**61, 2**63 - 1, -(2**63)]
)


def pairs():
  """All pairs of edges, and random pairs."""
  random = np.random.default_rng(0).integers(-(2**63), 2**63 - 1, (2, 50))
  a, b = np.meshgrid(EDGES, EDGES)
  return np.append(a, random[0]), np.append(b, random[1])


def as_numpy(values):
  chex.assert_type([values.high, values.low], [jnp.int32, jnp.uint32])
  return (np.asarray(values.high, np.int64) << 32) | np.asarray(values.low)


class Int64Test(chex.TestCase):
  @chex.variants(with_jit=True, without_jit=True)
  def test_sums_differences_and_order_are_numpys(self):
    @self.variant
    def compute(a, b):
      return (
        int64.add(a, b),
        int64.subtract(a, b),
        int64.less(a, b),
        int64.equal(a, b),
      )

    a, b = pairs()
    total, difference, is_less, is_equal = compute(
      int64.constant(a), int64.constant(b)
    )
    np.testing.assert_array_equal(as_numpy(total), a + b)
    np.testing.assert_array_equal(as_numpy(difference), a - b)
    np.testing.assert_array_equal(is_less, a < b)
    np.testing.assert_array_equal(is_equal, a == b)

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.parameters(0, 1)
  def test_minimum_and_its_first_index_are_numpys(self, axis):
    values = np.random.default_rng(1).choice(EDGES, (6, 7))
    least, index = self.variant(
      lambda values: int64.min_and_argmin(values, axis)
    )(int64.constant(values))
    chex.assert_type(index, jnp.int32)
    np.testing.assert_array_equal(as_numpy(least), values.min(axis))
    np.testing.assert_array_equal(index, values.argmin(axis))

  @chex.variants(with_jit=True, without_jit=True)
  def test_minima_of_segments_are_numpys(self):
    rng = np.random.default_rng(3)
    values, segments = rng.choice(EDGES, (30, 4)), rng.integers(0, 5, 30)
    least = self.variant(lambda values: int64.segment_min(values, segments, 6))(
      int64.constant(values)
    )
    expected = [values[segments == k].min(axis=0) for k in range(5)]
    empty = np.full((1, 4), 2**63 - 1)
    np.testing.assert_array_equal(
      as_numpy(least), np.append(expected, empty, axis=0)
    )

  def test_floats_of_integers_are_rounded(self):
    random = np.random.default_rng(4).integers(0, 2**60, 50)
    values = np.append(EDGES[EDGES >= 0], random)
    np.testing.assert_allclose(
      int64.to_float32(int64.constant(values), 2.0**20),
      values / 2.0**20,
      rtol=1e-6,
    )

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.parameters(2.0**20, 2.0**52)
  def test_floats_are_cut_off_and_wrap_around(self, scale):
    rng = np.random.default_rng(2)
    values = 10.0 ** rng.uniform(-9, 9, 100) * rng.choice([-1, 1], 100)
    values = np.append(values, [0, 1, -1, 123.25]).astype(np.float32)
    steps = self.variant(lambda values: int64.from_float32(values, scale))(
      values
    )
    exact = [int(float(value) * scale) % 2**64 for value in values]
    np.testing.assert_array_equal(
      as_numpy(steps), np.array(exact, np.uint64).astype(np.int64)
    )

  def test_selection(self):
    a, b = pairs()
    chosen = int64.where(a % 2 == 0, int64.constant(a), int64.constant(b))
    np.testing.assert_array_equal(as_numpy(chosen), np.where(a % 2, b, a))
    np.testing.assert_array_equal(
      as_numpy(int64.take(int64.constant(a), np.s_[3:5])), a[3:5]
    )
