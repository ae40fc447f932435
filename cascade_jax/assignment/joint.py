"""Joint codes of one batch, where there are several discrete variables.

Each image has a cost for every joint code of D variables, and each variable
has its own penalty on crowded categories:

  sum_i u_i[k_i1, ..., k_iD]  +  pairwise_weight * sum_d #{i < j: k_id = k_jd}

With the other variables held, one variable's part is the flow of
`assign_codes`, which is exact. So the variables take turns (block-coordinate
descent), from each image's own cheapest joint code on, until none can better
the sum. NumPy and OR-Tools only.

GUARANTEED: the sum never rises, the search ends, and no variable alone can be
reassigned to a sum that is lower by 1e-9 nats. With one variable this is the
optimum. NOT guaranteed: that it is the optimum with several, since changing
two variables at once might still better it.

Letters: B batch, S_1 ... S_D categories, S their sum, K their product.
"""

import numpy as np

from cascade_jax.assignment.flow import assign_codes, crowding_cost
from cascade_jax.errors import UserError
from cascade_jax.types import Assignment


def assign_joint_codes(
  unary_costs: np.ndarray,
  num_categories: tuple[int, ...],
  pairwise_weight: float = 1e-3,
) -> Assignment:
  """Joint codes that no reassignment of one variable betters.

  Args:
    unary_costs: `[B, K]` nats, joint codes in the order of `itertools.product`.
    num_categories: S_1, ..., S_D.
    pairwise_weight: nats for each UNORDERED pair that shares a category, the
      same for each variable.

  Returns:
    An `Assignment` whose `categories` `[B]` number the joint codes; its codes
    and counts have one variable's categories after the other's.

  Raises:
    ValueError, RuntimeError: as `assign_codes`; or K that doesn't fit.
  """
  if len(num_categories) == 1:
    return assign_codes(unary_costs, pairwise_weight)
  costs = _checked(unary_costs, num_categories)
  least = costs.min(axis=tuple(range(1, costs.ndim)), keepdims=True)
  costs = costs - least  # small sums, little rounding
  batch = np.arange(len(costs))
  joint = costs.reshape(len(costs), -1).argmin(axis=1)
  each = np.stack(np.unravel_index(joint, num_categories))  # [D, B]
  turn, unchanged = 0, 0
  while unchanged < len(each):
    others = [batch, *each]
    others[1 + turn] = np.arange(num_categories[turn])[:, None]
    unary = costs[tuple(others)].T  # [B, S of this variable]
    found = assign_codes(unary, pairwise_weight)
    before = _cost(unary, each[turn], pairwise_weight)
    # Of equal optima the flow may return another one, and sums are rounded.
    improves = found.cost < before - 1e-9
    if improves:
      each[turn] = found.categories
    unchanged = 0 if improves else unchanged + 1
    turn = (turn + 1) % len(each)
  return _assignment(costs + least, each, num_categories, pairwise_weight)


def assign_each(
  unary_costs: np.ndarray,
  num_categories: tuple[int, ...],
  pairwise_weight: float = 1e-3,
) -> Assignment:
  """`assign_joint_codes` for R batches `[R, B, K]`, each solved by itself.

  Returns:
    An `Assignment` whose arrays have R first, `cost` among them.
  """
  each = [
    assign_joint_codes(costs, num_categories, pairwise_weight)
    for costs in unary_costs
  ]
  return Assignment(*map(np.stack, zip(*each)))


def _checked(unary_costs, num_categories) -> np.ndarray:
  """Costs `[B, S_1, ..., S_D]`; finite, or argmin would follow a NaN."""
  costs = np.asarray(unary_costs, np.float64)
  expected = int(np.prod(num_categories))
  if costs.ndim != 2 or not len(costs) or costs.shape[1] != expected:
    raise UserError(
      f"unary_costs must have shape [batch, {expected}], a column for each "
      f"joint code of {num_categories} categories, got shape {costs.shape}"
    )
  if not np.isfinite(costs).all():
    raise UserError("unary_costs hold NaN or infinity; the model has diverged")
  return costs.reshape(-1, *num_categories)


def _cost(unary: np.ndarray, categories: np.ndarray, weight: float) -> float:
  chosen = unary[np.arange(len(unary)), categories]
  return float(chosen.sum() + crowding_cost(np.bincount(categories), weight))


def _assignment(costs, each, num_categories, pairwise_weight) -> Assignment:
  codes = [
    np.eye(size, dtype=np.float32)[categories]
    for size, categories in zip(num_categories, each)
  ]
  counts = np.concatenate([rows.sum(axis=0) for rows in codes]).astype(np.int64)
  unary = costs[(np.arange(len(costs)), *each)].sum()
  return Assignment(
    np.ravel_multi_index(tuple(each), num_categories),
    np.concatenate(codes, axis=1),
    float(unary + crowding_cost(counts, pairwise_weight)),
    counts,
  )
