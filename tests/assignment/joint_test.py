import itertools

import numpy as np
import pytest

from cascade_jax.assignment import (
  assign_codes,
  assign_each,
  assign_joint_codes,
)
from cascade_jax.errors import UserError
from tests.helpers.assignments import random_costs


def total_cost(costs, joint, num_categories, weight):
  """The objective, counted pair by pair and variable by variable."""
  categories = np.stack(np.unravel_index(joint, num_categories), axis=1)
  pairs = sum(
    (first == second).sum()
    for first, second in itertools.combinations(categories, 2)
  )
  return costs[np.arange(len(costs)), joint].sum() + weight * pairs


def least_cost(costs, num_categories, weight):
  """The least cost of all assignments of joint codes."""
  assignments = itertools.product(range(costs.shape[1]), repeat=len(costs))
  return min(
    total_cost(costs, np.array(joint), num_categories, weight)
    for joint in assignments
  )


def problems(num_categories, batch_size, count):
  rng = np.random.default_rng(0)
  for _ in range(count):
    weight = rng.choice([0.0, 1e-3, 0.3, 1.0, 30.0])
    size = int(np.prod(num_categories))
    spread = rng.choice([0.5, 3.0])
    costs = random_costs(rng, batch_size, size, spread)
    yield costs.astype(np.float64), weight


@pytest.mark.parametrize("num_categories", [(2, 3), (3, 2, 2)])
def test_no_change_of_one_variable_lowers_the_cost(num_categories):
  """Tries every assignment of each variable."""
  for costs, weight in problems(num_categories, 4, 10):
    solution = assign_joint_codes(costs, num_categories, weight)
    categories = list(np.unravel_index(solution.categories, num_categories))
    for d, size in enumerate(num_categories):
      for changed in itertools.product(range(size), repeat=4):
        others = [*categories[:d], np.array(changed), *categories[d + 1 :]]
        joint = np.ravel_multi_index(others, num_categories)
        cost = total_cost(costs, joint, num_categories, weight)
        assert cost >= solution.cost - 1e-6


def test_cost_codes_and_counts_agree_with_the_categories():
  sizes = (2, 3)
  for costs, weight in problems(sizes, 6, 20):
    solution = assign_joint_codes(costs, sizes, weight)
    expected = total_cost(costs, solution.categories, sizes, weight)
    np.testing.assert_allclose(solution.cost, expected)
    first, second = np.unravel_index(solution.categories, sizes)
    codes = np.concatenate([np.eye(2)[first], np.eye(3)[second]], axis=1)
    np.testing.assert_array_equal(solution.codes, codes)
    np.testing.assert_array_equal(solution.counts, codes.sum(axis=0))


def test_cost_is_never_above_the_argmin_and_mostly_the_optimum():
  """The optimum is not guaranteed, and is missed in some of these cases."""
  optimal = []
  for costs, weight in problems((2, 2), 4, 60):
    cost = assign_joint_codes(costs, (2, 2), weight).cost
    argmin = total_cost(costs, costs.argmin(axis=1), (2, 2), weight)
    best = least_cost(costs, (2, 2), weight)
    assert best - 1e-6 <= cost <= argmin + 1e-6
    optimal.append(cost <= best + 1e-6)
  assert np.mean(optimal) > 0.8


def test_one_variable_is_the_exact_flow():
  costs = np.random.default_rng(0).random((8, 4))
  solution = assign_joint_codes(costs, (4,), 0.1)
  for field, expected in zip(solution, assign_codes(costs, 0.1)):
    np.testing.assert_array_equal(field, expected)


def test_search_ends_if_all_costs_are_equal():
  solution = assign_joint_codes(np.zeros((12, 6)), (2, 3), 1.0)
  np.testing.assert_array_equal(solution.counts, [6, 6, 4, 4, 4])


def test_batches_are_solved_independently():
  costs = np.random.default_rng(0).random((3, 8, 6))
  together = assign_each(costs, (2, 3), 0.1)
  for row in range(3):
    alone = assign_joint_codes(costs[row], (2, 3), 0.1)
    for field, expected in zip(together, alone):
      np.testing.assert_array_equal(field[row], expected)


@pytest.mark.parametrize(
  ("costs", "message"),
  [
    (np.zeros((4, 5)), r"shape \[batch, 6\].*got shape \(4, 5\)"),
    (np.zeros((0, 6)), r"shape \[batch, 6\]"),
    (np.full((4, 6), np.nan), "NaN or infinity"),
  ],
)
def test_error_says_which_costs_are_expected(costs, message):
  with pytest.raises(UserError, match=message):
    assign_joint_codes(costs, (2, 3))
