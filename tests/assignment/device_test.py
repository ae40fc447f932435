import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from absl.testing import parameterized

from cascade_jax.assignment import (
  assign_categories,
  assign_codes,
  device,
  int64,
)
from cascade_jax.errors import UserError
from tests.helpers.assignments import brute_force, random_costs, total_cost


def solve(problems, pairwise_weight):
  """Categories `[N, B]` of problems `[N, B, S]`, in one compilation."""
  solver = jax.vmap(lambda costs: assign_categories(costs, pairwise_weight))
  return np.asarray(jax.jit(solver)(problems))


def excess(costs, categories, pairwise_weight):
  """The cost above the least of each row: float64 keeps more digits of it."""
  costs = costs.astype(np.float64)
  gaps = costs - costs.min(axis=1, keepdims=True)
  counts = np.bincount(categories)
  pairs = (counts * (counts - 1) // 2).sum()
  return (
    np.take_along_axis(gaps, categories[:, None], axis=1).sum()
    + pairwise_weight * pairs
  )


def adversarial_costs(rng, batch_size, num_categories, pairwise_weight):
  """Costs of a random kind; nearly all have ties, near-ties or long chains."""
  shape = (batch_size, num_categories)
  weight = pairwise_weight or 1e-3
  base = rng.uniform(50, 500, (batch_size, 1)).astype(np.float32)
  ulp = np.spacing(base)
  whole = rng.integers(0, rng.integers(2, batch_size + 2), shape)
  far = 30.0 * (np.arange(num_categories) != rng.integers(num_categories))
  kinds = (
    lambda: random_costs(rng, *shape, 10.0 ** rng.uniform(-6, 2)),
    lambda: random_costs(rng, *shape, weight * 10.0 ** rng.uniform(-2, 2)),
    lambda: random_costs(rng, 1, num_categories, 1.0) + np.zeros_like(base),
    lambda: base + np.zeros(shape),
    lambda: base + weight * whole,
    lambda: weight * whole,
    lambda: base + ulp * whole,
    lambda: base + np.round(weight * whole / ulp) * ulp + ulp * (whole % 2),
    lambda: base + far + rng.uniform(0, batch_size * weight, shape),
    lambda: base + far * weight * batch_size / 60,
    lambda: -base * rng.uniform(0, 1e-3, shape) - weight * whole,
    lambda: 10.0 ** rng.uniform(-6, 6, shape),
  )
  return kinds[rng.integers(len(kinds))]().astype(np.float32)


def adversarial_batch(seed, number, batch_size, num_categories, weight):
  """Problems `[N, B, S]`."""
  rng = np.random.default_rng(seed)
  return np.stack(
    [
      adversarial_costs(rng, batch_size, num_categories, weight)
      for _ in range(number)
    ]
  )


def tied_problems(batch_size, num_categories, weight):
  """Problems `[N, B, S]` in which crowding drives most samples away."""
  rng = np.random.default_rng(8)
  shape = batch_size, num_categories
  one_row = weight * batch_size * rng.random(num_categories)
  ten_rows = weight * batch_size / 3 * rng.random((10, num_categories))
  return np.stack(
    [
      np.full(shape, 123.25),
      np.broadcast_to(one_row, shape),
      ten_rows[rng.integers(10, size=batch_size)],
      weight * rng.integers(0, 4, shape),
      weight * batch_size / 5 * rng.integers(0, 2, shape),
      weight * (1e-3 * rng.random(shape) + np.arange(num_categories) / 10),
    ]
  ).astype(np.float32)


class AssignmentDeviceTest(chex.TestCase):
  @parameterized.parameters(
    # number, B, S, pairwise_weight
    (800, 64, 3, 1e-3),
    (800, 64, 3, 1.0),
    (800, 16, 4, 0.3),
    (800, 8, 5, 0.07),
    (800, 5, 3, 1e-6),
    (600, 3, 6, 12.3),
    (600, 12, 3, 1 / 3),
    (400, 2, 16, 0.01),
    (400, 37, 2, 0.05),
    (200, 64, 10, 1e-3),
    (200, 20, 16, 0.1),
    (50, 1, 7, 0.5),
    (50, 9, 1, 0.5),
    (200, 64, 3, 1e4),
    (200, 8, 4, 1e6),
    (200, 64, 3, 0.0),
    (12, 256, 7, 0.02),
    (8, 1024, 3, 1e-3),
    (8, 1024, 10, 1e-2),
    (12, 256, 30, 0.1),
    (4, 300, 100, 0.01),
    (2, 4096, 2, 1e-3),
    (1, 4096, 30, 1.0),
  )
  def test_costs_as_much_as_or_tools(
    self, number, batch_size, num_categories, weight
  ):
    problems = adversarial_batch(0, number, batch_size, num_categories, weight)
    for costs, categories in zip(problems, solve(problems, weight)):
      expected = assign_codes(costs, weight).categories
      # The tolerance shows a solution that is worse by one float32 step (2^-24
      # of a cost) against the rounding of B float64 numbers (2^-53 each).
      np.testing.assert_allclose(
        excess(costs, categories, weight),
        excess(costs, expected, weight),
        rtol=1e-13 * batch_size,
      )

  @parameterized.product(
    shape=[(1, 3), (2, 4), (4, 3), (5, 2), (3, 5)],
    weight=[0.0, 1e-3, 0.3, 100.0],
  )
  def test_matches_brute_force(self, shape, weight):
    problems = adversarial_batch(1, 40, *shape, weight)
    for costs, categories in zip(problems, solve(problems, weight)):
      costs = costs.astype(np.float64)
      np.testing.assert_allclose(
        total_cost(costs, categories, weight),
        brute_force(costs, weight),
        rtol=1e-12,
      )

  def test_without_a_penalty_each_sample_pays_its_least_cost(self):
    problems = adversarial_batch(2, 200, 64, 5, 0.0)
    categories = solve(problems, 0.0)[..., None]
    np.testing.assert_array_equal(
      np.take_along_axis(problems, categories, -1)[..., 0], problems.min(-1)
    )

  @chex.variants(with_jit=True, without_jit=True)
  def test_result_is_int32_and_costs_as_much_as_or_tools(self):
    solver = self.variant(lambda costs: assign_categories(costs, 0.3))
    costs = random_costs(np.random.default_rng(3), 16, 3, 1.0)
    categories = solver(costs)
    chex.assert_shape(categories, (16,))
    chex.assert_type(categories, jnp.int32)
    np.testing.assert_allclose(
      total_cost(costs.astype(float), np.asarray(categories), 0.3),
      assign_codes(costs, 0.3).cost,
      rtol=1e-12,
    )

  @chex.variants(with_jit=True)
  def test_batches_of_one_shape_share_one_trace(self):
    chex.clear_trace_counter()
    traced = chex.assert_max_traces(assign_categories, n=1)
    solver = self.variant(lambda costs: traced(costs, 0.3))
    problems = adversarial_batch(7, 3, 16, 3, 0.3)
    for costs, categories in zip(problems, solve(problems, 0.3)):
      np.testing.assert_array_equal(solver(costs), categories)

  def test_vmap_in_a_scan_equals_a_loop(self):
    """Replicas side by side and steps one after the other, as in training."""
    problems = adversarial_batch(4, 15, 32, 3, 0.1).reshape(3, 5, 32, 3)

    @jax.jit
    def train(problems):
      step = jax.vmap(lambda costs: assign_categories(costs, 0.1))
      return jax.lax.scan(lambda _, costs: (None, step(costs)), None, problems)

    one_by_one = jax.jit(lambda costs: assign_categories(costs, 0.1))
    on_device = jax.device_put(problems)
    with jax.transfer_guard("disallow"):
      _, together = train(on_device)
    for step, replica in np.ndindex(3, 5):
      np.testing.assert_array_equal(
        together[step, replica], one_by_one(problems[step, replica])
      )

  def test_equal_costs_are_spread_evenly(self):
    (categories,) = solve(np.full((1, 64, 3), 123.25, np.float32), 1e-3)
    self.assertEqual(sorted(np.bincount(categories)), [21, 21, 22])

  @parameterized.product(shape=[(1024, 10), (200, 100), (4096, 2)])
  def test_large_batches_with_ties_cost_as_much_as_or_tools(self, shape):
    """The costs for which single chains, one sample each, take longest."""
    problems = tied_problems(*shape, 0.01)
    for costs, categories in zip(problems, solve(problems, 0.01)):
      expected = assign_codes(costs, 0.01).categories
      np.testing.assert_allclose(
        excess(costs, categories, 0.01),
        excess(costs, expected, 0.01),
        rtol=1e-13 * len(costs),
      )

  def test_huge_gaps_do_not_overflow(self):
    costs = np.array([[0.0, 3e38], [3e38, -3e38], [0.0, 1e-7]], np.float32)
    np.testing.assert_array_equal(solve(costs[None], 1e-3), [[0, 1, 0]])

  @parameterized.parameters(1e-3, -1.0, 123.25, 1e9)
  def test_one_float32_step_decides(self, cost):
    worse = np.float32(cost)
    better = np.nextafter(worse, np.float32(-np.inf))
    gap = float(worse) - float(better)
    problem = np.tile(np.array([worse, better]), (1, 2, 1))
    (together,) = solve(problem, gap * (1 - 1e-5))
    np.testing.assert_array_equal(together, [1, 1])
    (apart,) = solve(problem, gap * (1 + 1e-5))
    self.assertEqual(sorted(apart), [0, 1])

  @parameterized.parameters(np.nan, np.inf, -np.inf)
  def test_search_ends_if_costs_are_not_finite(self, value):
    rng = np.random.default_rng(5)
    problems = adversarial_batch(6, 100, 32, 4, 0.1)
    problems[rng.random(problems.shape) < 0.2] = value
    problems[:10] = value
    categories = solve(problems, 0.1)
    self.assertBetween(categories.min(), 0, 3)
    self.assertBetween(categories.max(), 0, 3)

  def test_infinite_cost_rules_a_category_out(self):
    costs = np.tile(np.float32([0.0, np.inf, 0.0]), (8, 1))
    (categories,) = solve(costs[None], 0.1)
    np.testing.assert_array_equal(np.bincount(categories), [4, 0, 4])


def test_samples_with_equal_costs_move_together():
  """From one category; one by one it would take 3,510 rounds."""
  gaps, penalties = np.zeros((4096, 7)), np.arange(4097)
  search = device.Search(jnp.zeros(4096, jnp.int32), jnp.array(True))
  improve = jax.jit(device.improve)
  rounds = 0
  while search.improved and rounds < 100:
    search = improve(
      search.categories, int64.constant(gaps), int64.constant(penalties)
    )
    rounds += 1
  counts = np.bincount(search.categories, minlength=7)
  assert sorted(counts) == [585] * 6 + [586] and rounds < 100


@pytest.mark.parametrize("weight", [-1e-3, np.nan, np.inf, 1e20])
def test_error_names_the_bad_penalty(weight):
  with pytest.raises(UserError, match="pairwise_weight"):
    assign_categories(jnp.zeros((4, 2)), weight)


@pytest.mark.parametrize("shape", [(0, 3), (4, 0), (4,)])
def test_bad_shapes_are_refused(shape):
  with pytest.raises(AssertionError, match="assert"):
    assign_categories(jnp.zeros(shape))
