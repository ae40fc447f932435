"""The discrete codes of one batch, by an exact minimum-cost flow in JAX.

Solves the problem of `flow.py` (Jeong & Song 2019, section 4) inside a
compiled program, without a transfer to the host.

ALGORITHM. Successive shortest paths on a graph whose nodes are the categories.
A MOVE takes one sample from category a to category b and costs the difference
of the two unary costs; its cheapest samples are the members of a with the least
difference. A CHAIN of moves a -> b -> ... -> z passes one sample on from each
category to the next, so that a loses one sample, z gains one, and the counts
in between stay. It costs its moves, plus the penalty for joining z, minus the
penalty that a no longer pays.

1. Start: each category has a price (`priced_start.py`), and each sample takes
   the category with the least sum of unary cost and price. Ties are spread.
2. Find the cheapest chain, by the algorithm of Bellman and Ford.
3. If it lowers the cost, carry it out and repeat from 2; otherwise stop. The
   chain is carried out several times at once if each of its moves has several
   cheapest samples, as long as each time lowers the cost.

The result is optimal, whatever the prices are. At the start no exchange of
samples among categories can lower the unary costs, because the prices cancel
along a cycle of moves. The cheapest chain keeps it so, and again when it is
repeated, because it is the cheapest among those from a to z as long as its
moves cost the same. Every assignment on the way is therefore the cheapest for
its counts. As the crowding cost is convex in the counts, the counts are optimal
once no single chain lowers the cost.

The prices make the search short. Without them it takes a chain for each sample
that crowding drives away from its cheapest category, up to B (1 - 1/S) of them
when all categories cost nearly the same.

PRECISION. Sums in float32 would decide near-ties wrongly, and the search might
cycle. So costs are 64-bit integers: steps of 2^-52 nats for B = 64 and the
default weight, of 2^-20 nats for the largest weight allowed. Only the prices
are found in float32, and then rounded.

Shapes: B batch, S categories. Entry `[a, b]` is about moves from a to b.
"""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.assignment import int64
from cascade_jax.assignment.flow import integer_scale
from cascade_jax.assignment.int64 import Int64
from cascade_jax.assignment.priced_start import find_start

# Larger than any sum of actual costs, which stay below 2^59, and small enough
# that the sum of two such values doesn't overflow.
_UNREACHABLE = 2**61


class Search(NamedTuple):
  """The state of the search after some chains."""

  categories: jax.Array  # [B] int32
  improved: jax.Array  # [] bool, whether the last chain lowered the cost


class _Chains(NamedTuple):
  """The cheapest chain found so far that ends in each category."""

  cost: Int64  # [S], without the penalty for joining the last category
  successors: jax.Array  # [S, S] int32; row b is of the chain that ends in b
  changed: jax.Array  # [] bool, whether the last extension made one cheaper


def assign_categories(
  unary_costs: jax.Array, pairwise_weight: float = 1e-3
) -> jax.Array:
  """Finds categories that jointly minimise the cost of a batch; exact.

  Solves the same integer problem as `assign_codes` and reaches the same cost;
  if several assignments are optimal it may return another one. Only float32
  costs below 2^23 integer steps differ: their bits below one step are cut off
  here and rounded there, so the result is at most B steps above the optimum.

  Costs that aren't finite raise no error, and the search still ends with
  categories in [0, S): +inf rules a category out, and a row that contains NaN
  or -inf, or only +inf, has no preference.

  Args:
    unary_costs: `[B, S]` float32, -log p(x | z, category) in nats.
    pairwise_weight: nats for each UNORDERED pair of samples that share a
      category. A Python number, because it determines the integer steps.

  Returns:
    `[B]` int32 categories.

  Raises:
    UserError: a penalty that is negative, not finite, or too large.
  """
  chex.assert_rank(unary_costs, 2)
  chex.assert_axis_dimension_gt(unary_costs, axis=0, val=0)
  chex.assert_axis_dimension_gt(unary_costs, axis=1, val=0)

  # Nats become integers. Entry c of `penalties` is what a sample pays for
  # joining a category that has c samples already.
  batch_size, num_categories = unary_costs.shape
  scale, largest = integer_scale(batch_size, num_categories, pairwise_weight)
  gaps = _integer_gaps(unary_costs.astype(jnp.float32), scale, largest)
  step = np.int64(np.rint(pairwise_weight * scale))
  penalties = int64.constant(step * np.arange(batch_size + 1))

  # Every round but the last lowers an integer cost, so the loop ends.
  start = find_start(gaps, penalties, scale, pairwise_weight)
  return jax.lax.while_loop(
    lambda search: search.improved,
    lambda search: improve(search.categories, gaps, penalties),
    Search(start.categories, ~start.is_optimal),
  ).categories


def _integer_gaps(
  unary_costs: jax.Array, scale: float, largest: float
) -> Int64:
  """The gap of each cost to the least of its row, in integer steps.

  Args:
    unary_costs: `[B, S]` nats.
    scale: steps per nat.
    largest: nats, at which gaps are clipped.

  Returns:
    `[B, S]`.
  """
  best = unary_costs.min(axis=1, keepdims=True)
  # Both costs are exact modulo 2^64, so their difference is exact where it is
  # small; other gaps are clipped.
  gaps = int64.subtract(
    int64.from_float32(unary_costs, scale), int64.from_float32(best, scale)
  )
  # The float difference needn't be exact, as it only decides on clipping. It
  # is never below `largest` if a cost isn't finite.
  reachable = unary_costs - best < largest
  return int64.where(reachable, gaps, int64.constant(int(largest * scale)))


def improve(categories: jax.Array, gaps: Int64, penalties: Int64) -> Search:
  """Finds the cheapest chain and carries it out while it lowers the cost."""
  batch_size, num_categories = gaps.high.shape
  current = int64.take(gaps, (jnp.arange(batch_size), categories))
  differences = int64.subtract(gaps, int64.take(current, np.s_[:, None]))
  moves = _cheapest_moves(differences, categories)
  counts = (categories[:, None] == jnp.arange(num_categories)).sum(0)
  successors, cost = _cheapest_chain(moves, counts, penalties)

  # A repetition costs more: z has one sample more, and a one less.
  twice = int64.add(penalties, penalties)
  worth = (int64.add(cost, twice).high < 0).sum()

  # On the chain, cheapest movers of each category go to the successor. Off the
  # chain the successor is the category itself, and nothing changes.
  targets = successors[categories]
  pairs = categories, targets
  is_mover = int64.equal(
    int64.take(differences, (jnp.arange(batch_size), targets)),
    int64.take(moves, pairs),
  )
  is_mover &= targets != categories
  groups = jnp.where(is_mover, categories, num_categories)
  available = jnp.bincount(groups, length=num_categories)
  is_on_chain = successors != jnp.arange(num_categories)
  number = jnp.where(is_on_chain, available, worth).min()
  moved = is_mover & (_ranks(groups, num_categories + 1) < number)
  return Search(jnp.where(moved, targets, categories), worth > 0)


def _cheapest_moves(differences: Int64, categories: jax.Array) -> Int64:
  """Finds the cheapest move for each pair of categories.

  Args:
    differences: `[B, S]`, what it costs to take each sample to each category.
    categories: `[B]`.

  Returns:
    `[S, S]`, unreachable from an empty category.
  """
  num_categories = differences.high.shape[1]
  moves = int64.segment_min(differences, categories, num_categories)
  unreachable = int64.constant(_UNREACHABLE)
  return int64.where(int64.less(moves, unreachable), moves, unreachable)


def _ranks(groups: jax.Array, num_groups: int) -> jax.Array:
  """Numbers the members of each group from 0 on, in the order of the batch."""
  order = jnp.argsort(groups, stable=True)
  positions = jnp.zeros_like(order).at[order].set(jnp.arange(len(order)))
  return positions - jax.ops.segment_min(positions, groups, num_groups)[groups]


def _cheapest_chain(
  moves: Int64, counts: jax.Array, penalties: Int64
) -> tuple[jax.Array, Int64]:
  """Finds the chain of moves with the least cost, by Bellman and Ford.

  Args:
    moves: `[S, S]` costs; no cycle of moves has a negative cost.
    counts: `[S]` samples in each category.
    penalties: `[B + 1]`, for joining a category with so many samples.

  Returns:
    `[S]` int32, the category to which each category passes a sample on (off
    the chain: itself); and what the chain costs, negative if it is worth it.
  """
  chains = jax.lax.while_loop(
    lambda chains: chains.changed,
    lambda chains: _extend(chains, moves),
    _chains_without_moves(counts, penalties),
  )
  # The last category of a chain gains a sample, which pays for joining it.
  total = int64.add(chains.cost, int64.take(penalties, counts))
  least, end = int64.min_and_argmin(total, axis=0)
  return chains.successors[end], least


def _chains_without_moves(counts: jax.Array, penalties: Int64) -> _Chains:
  """Starts a chain in each category, which saves its last sample's penalty."""
  num_categories = len(counts)
  itself = jnp.arange(num_categories, dtype=jnp.int32)
  saved = int64.take(penalties, counts - 1)  # [-1] if empty, and not used
  cost = int64.where(
    counts > 0,
    int64.subtract(int64.constant(0), saved),
    int64.constant(_UNREACHABLE),
  )
  successors = jnp.broadcast_to(itself, (num_categories, num_categories))
  return _Chains(cost, successors, jnp.array(True))


def _extend(chains: _Chains, moves: Int64) -> _Chains:
  """Replaces chains by cheaper ones that have one more move at the end."""
  itself = jnp.arange(len(chains.successors), dtype=jnp.int32)
  extended = int64.add(int64.take(chains.cost, np.s_[:, None]), moves)
  extended, last = int64.min_and_argmin(extended, axis=0)
  is_cheaper = int64.less(extended, chains.cost)
  # The chain that ends in `last`, and from there a move to this category.
  through_last = jnp.where(
    itself == last[:, None], itself[:, None], chains.successors[last]
  )
  return _Chains(
    int64.where(is_cheaper, extended, chains.cost),
    jnp.where(is_cheaper[:, None], through_last, chains.successors),
    is_cheaper.any(),
  )
