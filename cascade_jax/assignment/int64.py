"""64-bit integers on the device, each held as two 32-bit integers.

JAX has no 64-bit integers unless the whole program enables them. An `Int64` is
in two's complement, so sums and differences wrap around modulo 2^64.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Int64(NamedTuple):
  """The integers high * 2^32 + low; two arrays of one shape."""

  high: jax.Array  # int32
  low: jax.Array  # uint32


_LARGEST_LOW = np.uint32(2**32 - 1)


def constant(values: int | np.ndarray) -> Int64:
  """Converts integers of the host."""
  values = np.asarray(values, np.int64)
  high, low = values >> 32, values & 0xFFFFFFFF
  return Int64(jnp.asarray(high, jnp.int32), jnp.asarray(low, jnp.uint32))


def from_float32(values: jax.Array, scale: float) -> Int64:
  """Converts `values * scale`, rounded towards zero, modulo 2^64.

  Exact, because it only multiplies by powers of two and splits a float where
  its bits end.

  Args:
    values: float32 of any shape.
    scale: a power of two.
  """
  wraps = jnp.abs(values) * (scale * 2.0**-64)
  high = (wraps - jnp.floor(wraps)) * 2.0**32
  low = (high - jnp.floor(high)) * 2.0**32
  magnitude = Int64(
    high.astype(jnp.uint32).astype(jnp.int32), low.astype(jnp.uint32)
  )
  return where(values < 0, subtract(constant(0), magnitude), magnitude)


def to_float32(values: Int64, scale: float) -> jax.Array:
  """Returns `values / scale` in float32, for values that aren't negative."""
  high, low = values.high.astype(jnp.float32), values.low.astype(jnp.float32)
  return high * (2.0**32 / scale) + low / scale


def take(values: Int64, index: object) -> Int64:
  """Returns `values[index]`, for any index that an array takes."""
  return jax.tree.map(lambda x: x[index], values)


def add(a: Int64, b: Int64) -> Int64:
  """Returns a + b, modulo 2^64."""
  low = a.low + b.low  # after an overflow it is less than either
  return Int64(a.high + b.high + (low < a.low), low)


def subtract(a: Int64, b: Int64) -> Int64:
  """Returns a - b, modulo 2^64."""
  return Int64(a.high - b.high - (a.low < b.low), a.low - b.low)


def less(a: Int64, b: Int64) -> jax.Array:
  """Returns a < b, bool."""
  return (a.high < b.high) | ((a.high == b.high) & (a.low < b.low))


def where(condition: jax.Array, a: Int64, b: Int64) -> Int64:
  """Selects from a where the condition holds, else from b."""
  return jax.tree.map(lambda x, y: jnp.where(condition, x, y), a, b)


def equal(a: Int64, b: Int64) -> jax.Array:
  """Returns a == b, bool."""
  return (a.high == b.high) & (a.low == b.low)


def min_and_argmin(values: Int64, axis: int) -> tuple[Int64, jax.Array]:
  """Returns the minima along an axis and the first index of each, int32."""
  # Three plain reductions are faster than one of pairs.
  high = values.high.min(axis, keepdims=True)
  low = jnp.where(values.high == high, values.low, _LARGEST_LOW)
  low = low.min(axis, keepdims=True)
  index = equal(values, Int64(high, low)).argmax(axis).astype(jnp.int32)
  return Int64(high.squeeze(axis), low.squeeze(axis)), index


def segment_min(values: Int64, segments: jax.Array, number: int) -> Int64:
  """Returns the minimum of the rows of each segment, in each column.

  Args:
    values: `[B, S]`.
    segments: `[B]`, the segment of each row.
    number: of segments, N.

  Returns:
    `[N, S]`; the largest integer where a segment has no rows.
  """
  high = jax.ops.segment_min(values.high, segments, number)
  is_least = values.high == high[segments]
  low = jnp.where(is_least, values.low, _LARGEST_LOW)
  return Int64(high, jax.ops.segment_min(low, segments, number))
