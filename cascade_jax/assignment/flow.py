"""The discrete codes of one batch, by an exact minimum-cost flow on the host.

There is no discrete encoder. Given the unary costs u_i[k] = -log p(x_i | z_i,
e_k), the categories k_i of a batch jointly minimise

  sum_i u_i[k_i]  +  pairwise_weight * #{unordered pairs i < j: k_i = k_j}

(Jeong & Song 2019, section 4). In the flow network each sample sends one unit
of flow through a category to the sink. The c-th unit that enters a category
costs pairwise_weight * (c - 1); the sum over c is pairwise_weight times the
number of pairs. Because these costs rise with c, the cheapest flow uses them in
order, and it is integral. NumPy and OR-Tools only: this runs on the host,
between two compiled steps.

Shapes: B batch, S categories, A = 2 * B * S arcs of the flow network.
"""

import functools
from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.types import Assignment

# OR-Tools needs |cost| * nodes to stay well within int64.
_COST_TIMES_NODES = 2.0**59
_LEAST_SCALE = 2.0**20  # steps per nat; with fewer, rounding would show


def assign_codes(
  unary_costs: np.ndarray, pairwise_weight: float = 1e-3
) -> Assignment:
  """Finds categories that jointly minimise the cost of a batch; exact.

  Args:
    unary_costs: `[B, S]`, -log p(x | z, category) in nats.
    pairwise_weight: nats for each UNORDERED pair of samples that share a
      category (the convention in which the paper's value is 0.001).

  Returns:
    An `Assignment`; its `cost` is the sum of both terms. If there are several
    optima, the same input and version of OR-Tools give the same one.

  Raises:
    UserError: costs that are empty, not a matrix or not finite; a penalty
      that is negative, not finite, or so large that costs would be rounded.
    RuntimeError: OR-Tools found no optimum, which is a bug.
  """
  costs = _checked_costs(unary_costs)
  network = _flow_network(*costs.shape, pairwise_weight)
  gaps = np.minimum(costs - costs.min(axis=1, keepdims=True), network.largest)
  codes = _cheapest_flow(network, np.rint(gaps * network.scale))
  categories = codes.argmax(axis=1)
  counts = codes.sum(axis=0)
  unary = costs[network.samples, categories].sum()
  cost = float(unary + crowding_cost(counts, pairwise_weight))
  return Assignment(categories, codes.astype(np.float32), cost, counts)


def crowding_cost(counts: np.ndarray, pairwise_weight: float) -> float:
  """Returns the nats that unordered pairs which share a category cost.

  Args:
    counts: `[S]` samples in each category.
    pairwise_weight: nats per pair.
  """
  return pairwise_weight * (counts * (counts - 1) // 2).sum()


def _checked_costs(unary_costs: np.ndarray) -> np.ndarray:
  """The costs in float64, a matrix of finite numbers."""
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
  """Returns the scale that converts costs in nats to integers.

  Crowding costs a sample at most (B - 1) * pairwise_weight nats, so no optimum
  has a sample in a category whose gap (its unary cost minus the least of the
  sample) is larger. To clip larger gaps leaves the optimum unchanged and
  bounds the integers. The scale is a power of two, so that float32 costs are
  converted without rounding.

  Returns:
    Integer steps per nat, and the nats at which gaps may be clipped.

  Raises:
    UserError: a penalty that is negative, not finite, or too large.
  """
  if not (np.isfinite(pairwise_weight) and pairwise_weight >= 0):
    raise UserError(
      f"pairwise_weight must be a finite number >= 0, got {pairwise_weight}"
    )
  num_nodes = batch_size + num_categories + 1
  limit = _COST_TIMES_NODES / (_LEAST_SCALE * num_nodes * batch_size)
  if pairwise_weight > limit:
    raise UserError(
      f"pairwise_weight is {pairwise_weight}; it must be at most {limit:.4g} "
      f"to solve {batch_size} samples of {num_categories} categories exactly "
      "in 64-bit integers"
    )
  largest = max(1.0, batch_size * pairwise_weight)
  scale = 2.0 ** np.floor(np.log2(_COST_TIMES_NODES / (largest * num_nodes)))
  return float(scale), largest


class _FlowNetwork(NamedTuple):
  """The parts of the flow network that all batches of one size share."""

  scale: float  # integer steps per nat
  largest: float  # nats, at which gaps are clipped
  samples: np.ndarray  # [B] int32, the nodes of the samples
  tails: np.ndarray  # [A] int32: arcs sample -> category, then -> sink
  heads: np.ndarray  # [A] int32
  capacities: np.ndarray  # [A] int64
  penalties: np.ndarray  # [S * B] int64, costs of the arcs to the sink
  nodes: np.ndarray  # [B + S + 1] int32: samples, categories, sink
  supplies: np.ndarray  # [B + S + 1] int64, units of flow from each node
  solver: type  # OR-Tools' SimpleMinCostFlow


# Cached, because this runs between two steps, when the CPU's caches are cold
# and even a little work takes time.
@functools.lru_cache(maxsize=8)
def _flow_network(
  batch_size: int, num_categories: int, pairwise_weight: float
) -> _FlowNetwork:
  """Builds arcs sample -> category, then B parallel arcs category -> sink."""
  # Imported here because it loads pandas, which nothing else here needs.
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
  return _FlowNetwork(
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


def _cheapest_flow(network: _FlowNetwork, gaps: np.ndarray) -> np.ndarray:
  """Solves for the flow `[B, S]` from samples to categories.

  Args:
    network: the flow network.
    gaps: `[B, S]` whole numbers, the costs of the arcs sample -> category.
  """
  solver = network.solver()
  arcs = solver.add_arcs_with_capacity_and_unit_cost(
    network.tails,
    network.heads,
    network.capacities,
    np.concatenate([gaps.ravel().astype(np.int64), network.penalties]),
  )
  solver.set_nodes_supplies(network.nodes, network.supplies)
  status = solver.solve()
  if status != solver.OPTIMAL:
    raise RuntimeError(
      f"the assignment's minimum-cost flow ended with {status}, not OPTIMAL"
    )
  return solver.flows(arcs[: gaps.size]).reshape(gaps.shape)
