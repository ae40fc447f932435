"""Discrete codes of one batch, by an exact minimum-cost flow on the device.

The problem of `assignment.py` (Jeong & Song 2019, section 4), solved without
leaving the compiled step. Seen from the categories the flow network is small:
one sample moves from category a to b at the least gap that a member of a has
to cross, and along a chain of categories each passes one sample to the next.
We start from the plain argmin, which no exchange of samples improves, and
carry out the cheapest chain as long as one lowers the cost. A cheapest chain
leaves nothing to exchange, and crowding costs are convex; so once no chain
helps, this is the optimum (successive shortest paths).

Float32 sums would settle near-ties wrongly or go round in circles. So costs
are 64-bit integers, each held as two of 32 bits: JAX has no wider by default.

Letters: B batch, S categories. `[a, b]` leads from category a to b.
"""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.assignment.flow import integer_scale


class _Wide(NamedTuple):
  """The 64-bit integers high * 2^32 + low."""

  high: jax.Array  # int32
  low: jax.Array  # uint32


# Above every sum of real costs, which stay below 2^59; twice it fits as well.
_UNREACHABLE = 2**61


def assign_categories(
  unary_costs: jax.Array, pairwise_weight: float = 1e-3
) -> jax.Array:
  """The jointly cheapest categories of a batch; exact.

  Solves the integer problem of `assign_codes`, in the same steps, and so
  reaches the same cost; of several optima it may return another. A step is
  2^-52 nats for B = 64 and the default weight, 2^-20 for the largest weights
  allowed. A float32 cost of 2^23 steps or more is a whole number of them. Of a
  smaller one the bits below a step are cut (there: rounded), and the result is
  at most B steps above the optimum.

  Always ends, with categories in [0, S). Costs that aren't finite raise
  nothing: +inf is a category out of reach; a row with a NaN or -inf, or with
  +inf alone, has no preference.

  Args:
    unary_costs: `[B, S]` float32, -log p(x | z, category) in nats.
    pairwise_weight: nats for each UNORDERED pair of samples that share a
      category. A Python number: it decides the integers' scale.

  Returns:
    `[B]` int32.

  Raises:
    UserError: a penalty that is negative, not finite, or too large.
  """
  chex.assert_rank(unary_costs, 2)
  chex.assert_axis_dimension_gt(unary_costs, axis=0, val=0)
  chex.assert_axis_dimension_gt(unary_costs, axis=1, val=0)
  batch_size, num_categories = unary_costs.shape
  scale, largest = integer_scale(batch_size, num_categories, pairwise_weight)
  gaps = _gaps(unary_costs.astype(jnp.float32), scale, largest)
  step = np.int64(np.rint(pairwise_weight * scale))
  penalties = _wide(step * np.arange(batch_size + 1))

  def improve(state):
    categories, _ = state
    moves, movers = _cheapest_moves(gaps, categories)
    counts = (categories[:, None] == jnp.arange(num_categories)).sum(0)
    successors, improves = _cheapest_chain(moves, counts, penalties)
    targets = successors[categories]
    chosen = jnp.arange(batch_size) == movers[categories, targets]
    categories = jnp.where(improves & chosen, targets, categories)
    return categories, improves

  _, start = _least(gaps, axis=1)
  # Every round but the last lowers an integer, so the loop ends.
  categories, _ = jax.lax.while_loop(
    lambda state: state[1], improve, (start, jnp.array(True))
  )
  return categories


def _cheapest_moves(
  gaps: _Wide, categories: jax.Array
) -> tuple[_Wide, jax.Array]:
  """Cheapest move of one sample from a to b: its cost and who; `[S, S]`."""
  batch_size, num_categories = gaps.high.shape
  member = categories[:, None] == jnp.arange(num_categories)
  own = _take(gaps, (jnp.arange(batch_size), categories))
  crossed = _subtract(gaps, _take(own, np.s_[:, None]))
  moves = _where(
    member[:, :, None], _take(crossed, np.s_[:, None]), _wide(_UNREACHABLE)
  )
  return _least(moves, axis=0)


def _cheapest_chain(
  moves: _Wide, counts: jax.Array, penalties: _Wide
) -> tuple[jax.Array, jax.Array]:
  """The chain of moves that lowers the cost most, by Bellman and Ford.

  Args:
    moves: `[S, S]`, without negative cycles.
    counts: `[S]` samples in each category.
    penalties: `[B + 1]`, of joining a category that has so many.

  Returns:
    `[S]` int32, the category to which each one passes a sample on, itself off
    the chain; and whether the chain lowers the cost at all.
  """
  num_categories = len(counts)
  itself = jnp.arange(num_categories, dtype=jnp.int32)
  saved = _take(penalties, counts - 1)
  cost = _where(counts > 0, _subtract(_wide(0), saved), _wide(_UNREACHABLE))
  # Row b: the successors on the cheapest chain so far that ends in b.
  successors = jnp.broadcast_to(itself, (num_categories, num_categories))
  for _ in range(num_categories - 1):
    extended = _add(_take(cost, np.s_[:, None]), moves)
    extended, last = _least(extended, axis=0)
    shorter = _less(extended, cost)
    cost = _where(shorter, extended, cost)
    through_last = jnp.where(
      itself == last[:, None], itself[:, None], successors[last]
    )
    successors = jnp.where(shorter[:, None], through_last, successors)
  total, end = _least(_add(cost, _take(penalties, counts)), axis=0)
  return successors[end], total.high < 0


def _gaps(unary_costs: jax.Array, scale: float, largest: float) -> _Wide:
  """Integer gaps to each row's best, `[B, S]`, clipped at `largest` nats."""
  best = unary_costs.min(axis=1, keepdims=True)
  gaps = _subtract(_to_steps(unary_costs, scale), _to_steps(best, scale))
  # The difference of floats only decides on clipping, where it needn't be
  # exact; it is never below `largest` for what is not finite.
  reachable = unary_costs - best < largest
  return _where(reachable, gaps, _wide(int(largest * scale)))


def _to_steps(nats: jax.Array, scale: float) -> _Wide:
  """Whole integer steps modulo 2^64, towards zero.

  Exact: it multiplies by powers of two and splits floats where bits end. What
  wraps around cancels in the difference of two costs that are near.
  """
  wraps = jnp.abs(nats) * (scale * 2.0**-64)
  high = (wraps - jnp.floor(wraps)) * 2.0**32
  low = (high - jnp.floor(high)) * 2.0**32
  steps = _Wide(
    high.astype(jnp.uint32).astype(jnp.int32), low.astype(jnp.uint32)
  )
  return _where(nats < 0, _subtract(_wide(0), steps), steps)


def _wide(values) -> _Wide:
  values = np.asarray(values, np.int64)
  high, low = values >> 32, values & 0xFFFFFFFF
  return _Wide(jnp.asarray(high, jnp.int32), jnp.asarray(low, jnp.uint32))


def _take(values: _Wide, index) -> _Wide:
  return jax.tree.map(lambda x: x[index], values)


def _add(a: _Wide, b: _Wide) -> _Wide:
  low = a.low + b.low  # wraps around, and is then below both
  return _Wide(a.high + b.high + (low < a.low), low)


def _subtract(a: _Wide, b: _Wide) -> _Wide:
  return _Wide(a.high - b.high - (a.low < b.low), a.low - b.low)


def _less(a: _Wide, b: _Wide) -> jax.Array:
  return (a.high < b.high) | ((a.high == b.high) & (a.low < b.low))


def _where(condition: jax.Array, a: _Wide, b: _Wide) -> _Wide:
  return jax.tree.map(lambda x, y: jnp.where(condition, x, y), a, b)


def _least(values: _Wide, axis: int) -> tuple[_Wide, jax.Array]:
  """Minimum along an axis, and where it first is (int32)."""

  def smaller(a, b):
    (wide_a, place_a), (wide_b, place_b) = a, b
    tie = ~_less(wide_b, wide_a) & (place_a < place_b)
    keep = _less(wide_a, wide_b) | tie
    return jax.tree.map(lambda x, y: jnp.where(keep, x, y), a, b)

  places = jax.lax.broadcasted_iota(jnp.int32, values.high.shape, axis)
  most = np.int32(2**31 - 1)
  return jax.lax.reduce(
    (values, places),
    (_Wide(most, np.uint32(2**32 - 1)), most),
    smaller,
    (axis,),
  )
