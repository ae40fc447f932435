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


def min_and_argmin(values: Int64, axis: int) -> tuple[Int64, jax.Array]:
  """Returns the minima along an axis and the first index of each, int32."""

  def smaller(first: tuple, second: tuple) -> tuple:
    (value_a, index_a), (value_b, index_b) = first, second
    tie = ~less(value_b, value_a) & (index_a < index_b)
    keep = less(value_a, value_b) | tie
    return jax.tree.map(lambda x, y: jnp.where(keep, x, y), first, second)

  indices = jax.lax.broadcasted_iota(jnp.int32, values.high.shape, axis)
  largest = np.int32(2**31 - 1)
  return jax.lax.reduce(
    (values, indices),
    (Int64._make((largest, np.uint32(2**32 - 1))), largest),
    smaller,
    (axis,),
  )
