import chex
import numpy as np
import pytest
from absl.testing import parameterized
from scipy.optimize import linear_sum_assignment

from cascade_jax.assignment import assign_codes, crowding_cost
from cascade_jax.errors import UserError
from tests.helpers.assignments import brute_force, random_costs, total_cost


def replicated_columns(costs, pairwise_weight):
  """The least cost by another exact method: a column a place in a category."""
  batch_size = len(costs)
  penalties = pairwise_weight * np.arange(batch_size)
  places = (costs[:, :, None] + penalties).reshape(batch_size, -1)
  rows, columns = linear_sum_assignment(places)
  return places[rows, columns].sum()


class AssignmentTest(parameterized.TestCase):
  @parameterized.product(
    batch_size=[1, 2, 5],
    num_categories=[1, 3, 4],
    pairwise_weight=[0.0, 1e-3, 0.3, 100.0],
  )
  def test_matches_brute_force(
    self, batch_size, num_categories, pairwise_weight
  ):
    rng = np.random.default_rng(0)
    for spread in (1e-4, 0.1, 30.0):
      costs = random_costs(rng, batch_size, num_categories, spread)
      solution = assign_codes(costs, pairwise_weight)
      np.testing.assert_allclose(
        solution.cost, brute_force(costs.astype(float), pairwise_weight), 1e-12
      )

  @parameterized.product(num_categories=list(range(3, 11)))
  def test_matches_an_independent_exact_method(self, num_categories):
    rng = np.random.default_rng(num_categories)
    for index in range(100):
      spread = 10.0 ** rng.uniform(-4, 2)
      pairwise_weight = 10.0 ** rng.uniform(-4, 1)
      costs = random_costs(rng, 64, num_categories, spread)
      if index % 3 == 0:  # near-ties: whole multiples of the penalty
        costs = np.round(costs / pairwise_weight) * pairwise_weight
      solution = assign_codes(costs, pairwise_weight)
      expected = replicated_columns(costs.astype(float), pairwise_weight)
      np.testing.assert_allclose(solution.cost, expected, rtol=1e-11)

  def test_fields_of_the_solution_agree(self):
    costs = random_costs(np.random.default_rng(1), 64, 3, 0.05)
    solution = assign_codes(costs)
    chex.assert_shape(solution.categories, (64,))
    chex.assert_shape(solution.codes, (64, 3))
    np.testing.assert_array_equal(
      solution.codes, np.eye(3, dtype=np.float32)[solution.categories]
    )
    np.testing.assert_array_equal(
      solution.counts, np.bincount(solution.categories, minlength=3)
    )
    np.testing.assert_allclose(
      solution.cost, total_cost(costs.astype(float), solution.categories, 1e-3)
    )

  def test_crowding_cost_counts_unordered_pairs(self):
    self.assertEqual(crowding_cost(np.array([0, 1, 2, 4]), 0.5), 0.5 * (1 + 6))

  def test_pairs_are_unordered(self):
    """Two samples that share a category cost the weight once, not twice."""
    costs = np.array([[0.0, 1.5], [0.0, 1.5]])
    self.assertEqual(assign_codes(costs, 1.0).cost, 1.0)
    np.testing.assert_array_equal(assign_codes(costs, 1.0).counts, [2, 0])
    np.testing.assert_array_equal(assign_codes(costs, 2.0).counts, [1, 1])

  def test_without_a_penalty_the_result_is_the_argmin(self):
    costs = random_costs(np.random.default_rng(2), 64, 5, 3.0)
    solution = assign_codes(costs, 0.0)
    np.testing.assert_array_equal(solution.categories, costs.argmin(axis=1))

  def test_equal_costs_are_spread_evenly(self):
    solution = assign_codes(np.full((64, 3), 123.25))
    self.assertEqual(sorted(solution.counts), [21, 21, 22])

  def test_huge_gaps_do_not_overflow(self):
    costs = np.array([[0.0, 1e30], [1e30, 0.0], [0.0, 1e-7]])
    np.testing.assert_array_equal(assign_codes(costs).categories, [0, 1, 0])

  def test_same_input_gives_the_same_solution(self):
    costs = np.zeros((64, 3))
    first, second = assign_codes(costs), assign_codes(costs)
    np.testing.assert_array_equal(first.categories, second.categories)


@pytest.mark.parametrize(
  ("costs", "message"),
  [
    (np.zeros((0, 3)), "at least one row"),
    (np.zeros((4, 0)), "at least one row"),
    (np.zeros(4), "matrix"),
    (np.array([[0.0, 1.0], [np.nan, 0.0]]), r"unary_costs\[1, 0\] is nan"),
    (np.array([[np.inf, 1.0]]), r"unary_costs\[0, 0\] is inf"),
  ],
)
def test_error_names_the_bad_cost(costs, message):
  with pytest.raises(UserError, match=message):
    assign_codes(costs)


@pytest.mark.parametrize("weight", [-1e-3, np.nan, np.inf, 1e20])
def test_error_names_the_bad_penalty(weight):
  with pytest.raises(UserError, match="pairwise_weight"):
    assign_codes(np.zeros((4, 2)), weight)
