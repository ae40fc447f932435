"""The categories from which `device.py` starts its search.

If each sample pays its unary cost and the PRICE of its category, prices alone
can produce the best assignment: the prices at which each category is chosen by
as many samples as its price is worth, which is price / pairwise_weight + 1/2.
They maximise the dual of the flow, a concave function with kinks. They are only
approximated here, since any prices give a valid start, and the search repairs
what is left over.

ALGORITHM. Without crowding each sample takes its cheapest category. Where few
samples would leave it once crowding is charged, as is usual, this is the start.
Otherwise, Newton's method finds the prices of a smooth version of the dual, in
which each sample divides itself among the categories by a softmax with a
temperature. A step that would change the softmax too much is shortened; after
any other step the temperature falls to a quarter, and the kinks come back. The
best step counts, so one that overshoots does no harm.

Shapes: B batch, S categories.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.assignment import int64
from cascade_jax.assignment.int64 import Int64

_MOST_STEPS = 30
_LONGEST_STEP = 2.0  # change of a price, in units of the temperature
_COOLING = 4.0
_HOTTEST = 0.25  # of the crowding cost in a category with all samples
_COLDEST = 1e-9  # of the same; colder, float32 would hardly tell costs apart


class Start(NamedTuple):
  """An assignment that is the cheapest for its counts."""

  categories: jax.Array  # [B] int32
  is_optimal: jax.Array  # [] bool; if False, it may be optimal all the same


class _Descent(NamedTuple):
  """The state of the search for prices."""

  step: jax.Array  # [] int32
  temperature: jax.Array  # [] float32, in units of the pairwise weight
  prices: jax.Array  # [S] float32, in units of the pairwise weight
  categories: jax.Array  # [B] int32, chosen at the best prices so far
  misplaced: jax.Array  # [] float32, how many samples misfit those prices


def find_start(
  gaps: Int64, penalties: Int64, scale: float, pairwise_weight: float
) -> Start:
  """Finds categories from which the optimum is a few chains away.

  Args:
    gaps: `[B, S]` integer steps, 0 for the cheapest category of a sample.
    penalties: `[B + 1]`, for joining a category with so many samples.
    scale: integer steps per nat, a power of two.
    pairwise_weight: nats.
  """
  batch_size, num_categories = gaps.high.shape
  few = num_categories / 2
  categories = _spread(_is_cheapest(gaps))

  # Prices between what the last member of each category pays for crowding and
  # what the next one would pay, but for half a penalty that all prices share.
  # If no sample leaves at these, the optimum is reached.
  prices = int64.take(penalties, _counts(categories, num_categories))
  stays = _is_cheapest(int64.add(gaps, prices))
  leaving = batch_size - stays[jnp.arange(batch_size), categories].sum()

  descent = jax.lax.while_loop(
    lambda descent: (
      (descent.misplaced > few)
      & (descent.step < _MOST_STEPS)
      & (descent.temperature > _COLDEST * batch_size)
    ),
    lambda descent: _cool(descent, gaps, scale, pairwise_weight),
    _Descent(
      jnp.int32(0),
      jnp.float32(_HOTTEST * batch_size),
      jnp.full(num_categories, batch_size / num_categories),
      categories,
      jnp.where(leaving <= num_categories, 0.0, jnp.inf),
    ),
  )
  return Start(descent.categories, leaving == 0)


def _is_cheapest(costs: Int64) -> jax.Array:
  """Whether a category costs a sample the least, `[B, S]` bool."""
  least, _ = int64.min_and_argmin(costs, axis=1)
  return int64.equal(costs, int64.take(least, np.s_[:, None]))


def _spread(is_choice: jax.Array) -> jax.Array:
  """Chooses one category for each sample, so that ties are spread evenly.

  Args:
    is_choice: `[B, S]` bool, with a True in each row.

  Returns:
    `[B]` int32: sample i takes the first choice from category i (modulo S) on.
  """
  batch_size, num_categories = is_choice.shape
  first = jnp.arange(batch_size, dtype=jnp.int32) % num_categories
  ahead = jnp.arange(num_categories) - first[:, None]
  distance = jnp.where(ahead < 0, ahead + num_categories, ahead)
  nearest = jnp.where(is_choice, distance, num_categories).min(axis=1)
  return (nearest + first) % num_categories


def _counts(categories: jax.Array, num_categories: int) -> jax.Array:
  """The number of samples in each category, `[S]` int32."""
  return (categories[:, None] == jnp.arange(num_categories)).sum(axis=0)


def _cool(
  descent: _Descent, gaps: Int64, scale: float, pairwise_weight: float
) -> _Descent:
  """Takes a Newton step, and notes its choices if they are the best so far."""
  batch_size, num_categories = gaps.high.shape
  # Without a penalty no sample leaves, so that no step is taken.
  unit = scale * (pairwise_weight or 1.0)
  costs = int64.to_float32(gaps, unit) + descent.prices
  shares = jax.nn.softmax(-costs / descent.temperature)
  demand = shares.sum(axis=0)
  overlap = jnp.matmul(shares.T, shares, precision=jax.lax.Precision.HIGHEST)
  one = np.eye(num_categories, dtype=np.float32)
  hessian = (one * demand - overlap) / descent.temperature + one
  change = jax.scipy.linalg.solve(
    hessian, demand - descent.prices - 0.5, assume_a="pos"
  )
  # The quadratic model holds only while the softmax changes little.
  longest = _LONGEST_STEP * descent.temperature
  excess = jnp.abs(change).max() / longest
  prices = descent.prices + change / jnp.maximum(excess, 1.0)
  prices = jnp.clip(prices, -batch_size, 2 * batch_size)
  cooling = jnp.where(excess > 1.0, 1.0, _COOLING)

  steps = int64.from_float32(pairwise_weight * prices, scale)
  categories = _spread(_is_cheapest(int64.add(gaps, steps)))
  counts = _counts(categories, num_categories)
  misplaced = jnp.abs(counts - prices - 0.5).sum() / 2
  is_best = misplaced < descent.misplaced  # never with NaN
  return _Descent(
    descent.step + 1,
    descent.temperature / cooling,
    prices,
    jnp.where(is_best, categories, descent.categories),
    jnp.where(is_best, misplaced, descent.misplaced),
  )
