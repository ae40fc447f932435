"""What holds for the codes of any batch, whatever its costs are."""

import hypothesis
import jax
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cascade_jax.assignment import assign_codes
from cascade_jax.assignment.device import assign_categories
from tests.helpers.assignments import brute_force, total_cost
from tests.helpers.properties import properties

# Multiples of 1/64 nat, so that ties are common and float32 holds them exactly.
_STEPS = st.integers(-6_400, 6_400).map(lambda step: step / 64)
_WEIGHTS = st.integers(0, 640).map(lambda step: step / 64)


def _costs(max_batch, max_categories):
  shape = st.tuples(st.integers(1, max_batch), st.integers(1, max_categories))
  return shape.flatmap(
    lambda shape: hnp.arrays(np.float64, shape, elements=_STEPS)
  )


@properties(150)
@hypothesis.given(_costs(5, 4), _WEIGHTS)
def test_no_assignment_is_cheaper(costs, weight):
  solution = assign_codes(costs, weight)
  np.testing.assert_allclose(
    solution.cost, brute_force(costs, weight), rtol=0, atol=1e-9
  )
  np.testing.assert_allclose(
    solution.cost, total_cost(costs, solution.categories, weight), atol=1e-9
  )


@properties(60)
@hypothesis.given(_costs(20, 6), _WEIGHTS, st.randoms())
def test_order_of_images_and_of_categories_does_not_matter(
  costs, weight, random
):
  rows, columns = list(range(costs.shape[0])), list(range(costs.shape[1]))
  random.shuffle(rows)
  random.shuffle(columns)
  np.testing.assert_allclose(
    assign_codes(costs[rows][:, columns], weight).cost,
    assign_codes(costs, weight).cost,
    atol=1e-9,
  )


@properties(60)
@hypothesis.given(_costs(20, 6), _WEIGHTS, st.data())
def test_constant_of_an_image_is_added_to_the_cost(costs, weight, data):
  constants = data.draw(hnp.arrays(np.float64, len(costs), elements=_STEPS))
  shifted = assign_codes(costs + constants[:, None], weight)
  plain = assign_codes(costs, weight)
  np.testing.assert_allclose(
    shifted.cost, plain.cost + constants.sum(), atol=1e-9
  )


@properties(60)
@hypothesis.given(_costs(20, 6), _WEIGHTS, st.sampled_from([0.125, 2.0, 32.0]))
def test_cost_scales_with_the_unit(costs, weight, unit):
  scaled = assign_codes(unit * costs, unit * weight)
  plain = assign_codes(costs, weight)
  np.testing.assert_allclose(scaled.cost, unit * plain.cost, atol=1e-8)


# One shape each, so that each is compiled once.
_compiled = jax.jit(assign_categories, static_argnums=1)


@properties(60)
@hypothesis.given(
  hnp.arrays(np.float32, (12, 4), elements=_STEPS),
  st.sampled_from([0.0, 1 / 64, 1.0]),
)
def test_device_solver_is_as_cheap_as_the_host(costs, weight):
  categories = np.asarray(_compiled(costs, weight))
  np.testing.assert_allclose(
    total_cost(costs.astype(float), categories, weight),
    assign_codes(costs, weight).cost,
    rtol=0,
    atol=1e-6,
  )
