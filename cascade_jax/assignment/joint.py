"""The joint codes of one batch, for several discrete variables.

Each image has a unary cost for every joint code of D variables, and each
variable has its own penalty for crowded categories:

  sum_i u_i[k_i1, ..., k_iD]  +  pairwise_weight * sum_d #{i < j: k_id = k_jd}

With the other variables fixed, one variable's part is the problem that
`assign_codes` solves exactly. The variables take turns (block-coordinate
descent), from each image's own cheapest joint code on, until no turn lowers the
sum. NumPy and OR-Tools only.

GUARANTEED: the sum never rises, the search ends, and no reassignment of one
variable alone lowers the sum by more than 1e-9 nats. With one variable this is
the optimum. NOT guaranteed: the optimum with several variables, because a
change of two variables at once might still lower the sum.

Shapes: B batch, D variables of S_1 ... S_D categories, S their sum, K their
product.
"""

import numpy as np

from cascade_jax.assignment.flow import assign_codes, crowding_cost
from cascade_jax.errors import UserError
from cascade_jax.types import Assignment, Assignments


def assign_joint_codes(
  unary_costs: np.ndarray,
  num_categories: tuple[int, ...],
  pairwise_weight: float = 1e-3,
) -> Assignment:
  """Finds joint codes whose cost no change of one variable can lower.

  Args:
    unary_costs: `[B, K]` nats, joint codes in the order of `itertools.product`.
    num_categories: S_1, ..., S_D.
    pairwise_weight: nats for each UNORDERED pair of samples that share a
      category, the same for each variable.

  Returns:
    An `Assignment`. Its `categories` `[B]` number the joint codes; its `codes`
    `[B, S]` and `counts` `[S]` have the categories of one variable after those
    of another.

  Raises:
    UserError: as `assign_codes`; or K isn't the product of `num_categories`.
  """
  if len(num_categories) == 1:
    return assign_codes(unary_costs, pairwise_weight)
  costs = _checked_costs(unary_costs, num_categories)
  least = costs.min(axis=tuple(range(1, costs.ndim)), keepdims=True)
  # Sums of gaps are small, so little is lost to rounding.
  categories = _descend(costs - least, pairwise_weight)
  return _assignment(costs, categories, pairwise_weight)


def assign_each(
  unary_costs: np.ndarray,
  num_categories: tuple[int, ...],
  pairwise_weight: float = 1e-3,
) -> Assignments:
  """Solves R batches `[R, B, K]` independently, by `assign_joint_codes`."""
  solutions = [
    assign_joint_codes(costs, num_categories, pairwise_weight)
    for costs in unary_costs
  ]
  return Assignments(*map(np.stack, zip(*solutions)))


def _checked_costs(
  unary_costs: np.ndarray, num_categories: tuple[int, ...]
) -> np.ndarray:
  """Costs `[B, S_1, ..., S_D]`; finite, because argmin would choose a NaN."""
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


def _descend(costs: np.ndarray, pairwise_weight: float) -> np.ndarray:
  """Solves for one variable after the other until no solution is better.

  Args:
    costs: `[B, S_1, ..., S_D]`.
    pairwise_weight: nats.

  Returns:
    `[D, B]` categories.
  """
  batch_size, *num_categories = costs.shape
  joint = costs.reshape(batch_size, -1).argmin(axis=1)
  categories = np.stack(np.unravel_index(joint, num_categories))
  variable, unchanged = 0, 0
  while unchanged < len(categories):
    # The costs of this variable's categories, the other variables fixed.
    index = [np.arange(batch_size), *categories]
    index[1 + variable] = np.arange(num_categories[variable])[:, None]
    unary = costs[tuple(index)].T  # [B, S of this variable]
    solution = assign_codes(unary, pairwise_weight)
    # The flow may return another optimum of the same cost, and sums are
    # rounded; neither is an improvement.
    before = _total_cost(unary, categories[variable], pairwise_weight)
    improves = solution.cost < before - 1e-9
    if improves:
      categories[variable] = solution.categories
    unchanged = 0 if improves else unchanged + 1
    variable = (variable + 1) % len(categories)
  return categories


def _total_cost(
  unary: np.ndarray, categories: np.ndarray, pairwise_weight: float
) -> float:
  """The cost of the categories `[B]` of one variable, in nats."""
  chosen = unary[np.arange(len(unary)), categories]
  counts = np.bincount(categories)
  return float(chosen.sum() + crowding_cost(counts, pairwise_weight))


def _assignment(
  costs: np.ndarray, categories: np.ndarray, pairwise_weight: float
) -> Assignment:
  """The result for categories `[D, B]` and costs `[B, S_1, ..., S_D]`."""
  batch_size, *num_categories = costs.shape
  codes = [
    np.eye(size, dtype=np.float32)[column]
    for size, column in zip(num_categories, categories)
  ]
  counts = np.concatenate([rows.sum(axis=0) for rows in codes]).astype(np.int64)
  unary = costs[(np.arange(batch_size), *categories)].sum()
  return Assignment(
    np.ravel_multi_index(tuple(categories), num_categories),
    np.concatenate(codes, axis=1),
    float(unary + crowding_cost(counts, pairwise_weight)),
    counts,
  )
