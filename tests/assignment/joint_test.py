import itertools

import numpy as np
import pytest

from cascade_jax import assign_codes
from cascade_jax.assignment.joint import assign_each, assign_joint_codes
from tests.helpers.assignments import random_costs


def total_cost(costs, joint, num_categories, weight):
  """The objective, counted pair by pair and variable by variable."""
  each = np.stack(np.unravel_index(joint, num_categories), axis=1)
  pairs = sum(
    (first == second).sum() for first, second in itertools.combinations(each, 2)
  )
  return costs[np.arange(len(costs)), joint].sum() + weight * pairs


def best_by_trying_all(costs, num_categories, weight):
  everything = itertools.product(range(costs.shape[1]), repeat=len(costs))
  return min(
    total_cost(costs, np.array(joint), num_categories, weight)
    for joint in everything
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
def test_no_variable_alone_can_be_bettered(num_categories):
  """Checked by trying every assignment of one variable."""
  for costs, weight in problems(num_categories, 5, 10):
    found = assign_joint_codes(costs, num_categories, weight)
    each = list(np.unravel_index(found.categories, num_categories))
    for d, size in enumerate(num_categories):
      for own in itertools.product(range(size), repeat=5):
        other = [*each[:d], np.array(own), *each[d + 1 :]]
        joint = np.ravel_multi_index(other, num_categories)
        cost = total_cost(costs, joint, num_categories, weight)
        assert cost >= found.cost - 1e-6


def test_cost_codes_and_counts_are_those_of_the_categories():
  sizes = (2, 3)
  for costs, weight in problems(sizes, 6, 20):
    found = assign_joint_codes(costs, sizes, weight)
    expected = total_cost(costs, found.categories, sizes, weight)
    np.testing.assert_allclose(found.cost, expected)
    each = np.unravel_index(found.categories, sizes)
    codes = np.concatenate([np.eye(2)[each[0]], np.eye(3)[each[1]]], axis=1)
    np.testing.assert_array_equal(found.codes, codes)
    np.testing.assert_array_equal(found.counts, codes.sum(axis=0))


def test_it_is_never_worse_than_the_plain_argmin_and_mostly_the_optimum():
  """What is not guaranteed: the optimum; here it is missed now and then."""
  optimal = []
  for costs, weight in problems((2, 2), 4, 60):
    found = assign_joint_codes(costs, (2, 2), weight).cost
    plain = total_cost(costs, costs.argmin(axis=1), (2, 2), weight)
    best = best_by_trying_all(costs, (2, 2), weight)
    assert best - 1e-6 <= found <= plain + 1e-6
    optimal.append(found <= best + 1e-6)
  assert np.mean(optimal) > 0.8


def test_one_variable_is_the_exact_flow():
  costs = np.random.default_rng(0).random((8, 4))
  ours = assign_joint_codes(costs, (4,), 0.1)
  for mine, flow in zip(ours, assign_codes(costs, 0.1)):
    np.testing.assert_array_equal(mine, flow)


def test_equal_costs_come_to_an_end():
  found = assign_joint_codes(np.zeros((12, 6)), (2, 3), 1.0)
  np.testing.assert_array_equal(found.counts, [6, 6, 4, 4, 4])


def test_several_batches_are_solved_each_by_itself():
  costs = np.random.default_rng(0).random((3, 8, 6))
  together = assign_each(costs, (2, 3), 0.1)
  for row in range(3):
    alone = assign_joint_codes(costs[row], (2, 3), 0.1)
    for ours, theirs in zip(together, alone):
      np.testing.assert_array_equal(ours[row], theirs)


@pytest.mark.parametrize(
  ("costs", "message"),
  [
    (np.zeros((4, 5)), r"shape \[batch, 6\].*got shape \(4, 5\)"),
    (np.zeros((0, 6)), r"shape \[batch, 6\]"),
    (np.full((4, 6), np.nan), "NaN or infinity"),
  ],
)
def test_bad_costs_are_named(costs, message):
  with pytest.raises(ValueError, match=message):
    assign_joint_codes(costs, (2, 3))
