"""The start of the device's search: valid for any costs, and near the end."""

import jax
import numpy as np
import pytest
from scipy import optimize

from cascade_jax.assignment import assign_codes, int64
from cascade_jax.assignment.flow import integer_scale
from cascade_jax.assignment.priced_start import find_start

# Costs in units of the pairwise weight, by batch size and categories.
KINDS = {
  "equal": lambda rng, shape: np.zeros(shape),
  "nearly equal": lambda rng, shape: 1e-3 * rng.random(shape),
  "biased": lambda rng, shape: (
    3 * rng.random(shape) + shape[0] / 10 * np.arange(shape[1])
  ),
  "few values": lambda rng, shape: 1.0 * rng.integers(0, 3, shape),
  "as large as crowding": lambda rng, shape: (
    shape[0] / shape[1] * rng.standard_normal(shape)
  ),
  "one category": lambda rng, shape: np.tile(
    shape[0] * (np.arange(shape[1]) != 1.0), (shape[0], 1)
  ),
}


def start(costs, weight):
  """The start for costs `[B, S]`, and whether it claims to be optimal."""
  scale, _ = integer_scale(*costs.shape, weight)
  gaps = costs - costs.min(axis=1, keepdims=True)
  steps = np.rint(weight * scale) * np.arange(len(costs) + 1)
  categories, is_optimal = jax.jit(find_start, static_argnums=(2, 3))(
    int64.constant(np.rint(gaps * scale)), int64.constant(steps), scale, weight
  )
  return np.asarray(categories), bool(is_optimal)


def least_unary_cost(costs, counts):
  """The least sum of unary costs with these counts, of another solver."""
  places = np.repeat(costs, counts, axis=1)  # [B, B]
  return places[optimize.linear_sum_assignment(places)].sum()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 2), (7, 3), (40, 4), (60, 20)])
@pytest.mark.parametrize("weight", [1e-3, 2.0])
def test_no_assignment_with_the_same_counts_is_cheaper(kind, shape, weight):
  costs = weight * KINDS[kind](np.random.default_rng(0), shape)
  categories, _ = start(costs, weight)
  counts = np.bincount(categories, minlength=shape[1])
  np.testing.assert_allclose(
    np.take_along_axis(costs, categories[:, None], axis=1).sum(),
    least_unary_cost(costs, counts),
    atol=1e-9 * weight * shape[0],
  )


@pytest.mark.parametrize("kind", [x for x in KINDS if x != "few values"])
def test_few_samples_are_left_to_move(kind):
  """Without prices it would be hundreds, one round of the search for each."""
  shape, weight = (600, 10), 0.01
  costs = weight * KINDS[kind](np.random.default_rng(1), shape)
  counts = np.bincount(start(costs, weight)[0], minlength=shape[1])
  assert np.abs(counts - assign_codes(costs, weight).counts).sum() / 2 <= 10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weight", [0.0, 1e-6, 1e-3])
def test_what_claims_to_be_optimal_is(kind, weight):
  costs = 1e-3 * KINDS[kind](np.random.default_rng(2), (30, 3))
  categories, is_optimal = start(costs, weight)
  counts = np.bincount(categories, minlength=3)
  cost = np.take_along_axis(costs, categories[:, None], axis=1).sum()
  cost += weight * (counts * (counts - 1) // 2).sum()
  if is_optimal:
    np.testing.assert_allclose(cost, assign_codes(costs, weight).cost)
  assert is_optimal or weight  # then no chain has to be looked for


def test_usual_costs_need_no_search():
  costs = 3 * np.random.default_rng(3).standard_normal((64, 3))
  categories, is_optimal = start(costs, 1e-6)
  assert is_optimal
  np.testing.assert_array_equal(categories, costs.argmin(axis=1))
