"""Discrete codes of one batch, by an exact minimum-cost flow on the host.

There is no discrete encoder: given u_i[k] = -log p(x_i | z_i, e_k), the codes
of a batch minimise jointly

  sum_i u_i[k_i]  +  pairwise_weight * #{unordered pairs i < j: k_i = k_j}

(Jeong & Song 2019, section 4). Each sample sends one unit of flow through a
category to the sink. The c-th sample that a category takes pays
pairwise_weight * (c - 1), which adds up to the number of pairs; because these
costs rise, the cheapest flow fills them in order, and it is integral.
NumPy and OR-Tools only: this runs between two compiled steps.

Letters: B batch, S categories.
"""

import functools
from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.types import Assignment

# OR-Tools wants |cost| * nodes to stay inside int64, with room to spare.
_COST_TIMES_NODES = 2.0**59
_LEAST_SCALE = 2.0**20  # integer steps a nat below which we refuse to round


def assign_codes(
  unary_costs: np.ndarray, pairwise_weight: float = 1e-3
) -> Assignment:
  """The jointly cheapest categories of a batch; exact.

  Args:
    unary_costs: `[B, S]`, -log p(x | z, category) in nats; smaller is likelier.
    pairwise_weight: nats for each UNORDERED pair of samples that share a
      category (the convention in which the paper's value is 0.001).

  Returns:
    An `Assignment`; its `cost` holds both terms. Of several optima one is
    returned, always the same for the same input and version of OR-Tools.

  Raises:
    UserError: costs that are empty, not a matrix or not finite; a penalty
      that is negative, not finite, or so large that costs would be rounded.
    RuntimeError: OR-Tools found no optimum.
  """
  costs = _checked(unary_costs)
  problem = _problem(*costs.shape, pairwise_weight)
  gaps = np.minimum(costs - costs.min(axis=1, keepdims=True), problem.largest)
  codes = _cheapest_flow(problem, np.rint(gaps * problem.scale))
  categories = codes.argmax(axis=1)
  counts = codes.sum(axis=0)
  unary = costs[problem.samples, categories].sum()
  cost = float(unary + crowding_cost(counts, pairwise_weight))
  return Assignment(categories, codes.astype(np.float32), cost, counts)


def crowding_cost(counts: np.ndarray, pairwise_weight: float) -> float:
  """Nats for the unordered pairs that share a category, of `counts` `[S]`."""
  return pairwise_weight * (counts * (counts - 1) // 2).sum()


def _checked(unary_costs: np.ndarray) -> np.ndarray:
  costs = np.asarray(unary_costs, np.float64)
  if costs.ndim != 2 or not costs.size:
    raise UserError(
      "unary_costs must be a matrix [batch, categories] with at least one row "
      f"and one column, got shape {costs.shape}"
    )
  if not np.isfinite(costs).all():
    row, column = np.argwhere(~np.isfinite(costs))[0]
    raise UserError(
      f"unary_costs[{row}, {column}] is {costs[row, column]}; every cost must "
      "be finite. In training this means that the model has diverged: try a "
      "lower learning rate."
    )
  return costs


def integer_scale(
  batch_size: int, num_categories: int, pairwise_weight: float
) -> tuple[float, float]:
  """Integer steps a nat, and the nats above which a gap may be clipped.

  Crowding costs a sample at most (B - 1) * pairwise_weight, so no optimum
  takes a gap above that. Clipping larger gaps leaves the optimum alone and
  bounds the integers whatever the unaries are. The scale is a power of two:
  float32 costs arrive without rounding.
  """
  if not (np.isfinite(pairwise_weight) and pairwise_weight >= 0):
    raise UserError(
      f"pairwise_weight must be a finite number >= 0, got {pairwise_weight}"
    )
  largest = max(1.0, batch_size * pairwise_weight)
  num_nodes = batch_size + num_categories + 1
  scale = 2.0 ** np.floor(np.log2(_COST_TIMES_NODES / (largest * num_nodes)))
  if scale < _LEAST_SCALE:
    raise UserError(
      f"pairwise_weight {pairwise_weight} is too large to solve "
      f"{batch_size} samples exactly in 64-bit integers"
    )
  return float(scale), largest


class _Problem(NamedTuple):
  """What all batches of one size share."""

  scale: float  # integer steps a nat
  largest: float  # nats, where gaps are clipped
  samples: np.ndarray  # [B], the samples' nodes
  tails: np.ndarray  # of the arcs sample -> category, then category -> sink
  heads: np.ndarray
  capacities: np.ndarray
  penalties: np.ndarray  # [S * B], integer costs of the arcs to the sink
  nodes: np.ndarray
  supplies: np.ndarray
  solver: type


# Between two steps everything is out of the caches, and little work counts.
@functools.lru_cache(maxsize=8)
def _problem(
  batch_size: int, num_categories: int, pairwise_weight: float
) -> _Problem:
  """Arcs sample -> category, then B parallel arcs category -> sink."""
  # Imported late: it loads pandas, which nothing else here needs.
  from ortools.graph.python import min_cost_flow

  scale, largest = integer_scale(batch_size, num_categories, pairwise_weight)
  samples = np.arange(batch_size, dtype=np.int32)
  categories = np.arange(num_categories, dtype=np.int32) + batch_size
  sink = batch_size + num_categories
  tails = np.concatenate(
    [np.repeat(samples, num_categories), np.repeat(categories, batch_size)]
  )
  heads = np.concatenate(
    [
      np.tile(categories, batch_size),
      np.full(batch_size * num_categories, sink, np.int32),
    ]
  )
  step = np.int64(np.rint(pairwise_weight * scale))
  supplies = np.zeros(sink + 1, np.int64)
  supplies[:batch_size], supplies[sink] = 1, -batch_size
  return _Problem(
    scale,
    largest,
    samples,
    tails,
    heads,
    capacities=np.ones(len(tails), np.int64),
    penalties=np.tile(np.arange(batch_size) * step, num_categories),
    nodes=np.arange(sink + 1, dtype=np.int32),
    supplies=supplies,
    solver=min_cost_flow.SimpleMinCostFlow,
  )


def _cheapest_flow(problem: _Problem, gaps: np.ndarray) -> np.ndarray:
  """The flow `[B, S]` from samples to categories, for integer `gaps`."""
  solver = problem.solver()
  arcs = solver.add_arcs_with_capacity_and_unit_cost(
    problem.tails,
    problem.heads,
    problem.capacities,
    np.concatenate([gaps.ravel().astype(np.int64), problem.penalties]),
  )
  solver.set_nodes_supplies(problem.nodes, problem.supplies)
  status = solver.solve()
  if status != solver.OPTIMAL:
    raise RuntimeError(
      f"the assignment's minimum-cost flow ended with {status}, not OPTIMAL"
    )
  return solver.flows(arcs[: gaps.size]).reshape(gaps.shape)
