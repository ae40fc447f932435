import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax import Cascade
from cascade_jax.methods.cascade import WarmUp, restarted_adam, with_factors

# FACTS of the authors' code: m = 6, the discrete code starts at phase 4.
OPEN = [1, 2, 3, 4, 4, 5, 6, 6, 6]
DISCRETE = [False] * 4 + [True] * 5


def paper(num_continuous=6):
  return Cascade(num_continuous, 1.0, 10.0, 20_000, 4)


@pytest.mark.parametrize("phase", range(9))
@pytest.mark.parametrize("within", [0, 1, 19_999])
def test_table_of_the_paper(phase, within):
  stage = paper().stage(phase * 20_000 + within)
  assert stage.phase == phase
  assert stage.open_dimensions == OPEN[phase]
  assert stage.discrete == DISCRETE[phase]
  weights = [1.0] * OPEN[phase] + [10.0] * (6 - OPEN[phase])
  np.testing.assert_array_equal(stage.kl_weights, np.float32(weights))


def test_fewer_dimensions_than_phases():
  opened = [paper(4).stage(20_000 * p).open_dimensions for p in range(8)]
  assert opened == [1, 2, 3, 4, 4, 4, 4, 4]


def test_code_from_the_start():
  cascade = Cascade(3, 1.0, 10.0, 5, 0)
  assert [cascade.stage(5 * p).open_dimensions for p in range(5)] == [
    0, 1, 2, 3, 3,
  ]  # fmt: skip
  assert cascade.stage(0).discrete


def recipe(**changes):
  """Two parts of a warm-up, then phases of 5 steps; the code in the third."""
  warm_up = WarmUp(28.0, 4), WarmUp(12.0, 6)
  cascade = Cascade(5, 0.25, 12.0, 5, 2, warm_up, 3, True)
  return cascade._replace(**changes)


def test_all_dimensions_are_under_one_weight_in_the_warm_up():
  for step in range(10):
    stage = recipe().stage(step)
    assert (stage.phase, stage.open_dimensions) == (int(step >= 4), 0)
    assert not stage.discrete and not stage.taught
    weight = 28.0 if step < 4 else 12.0
    np.testing.assert_array_equal(stage.kl_weights, np.full(5, weight))


def test_phases_follow_the_warm_up():
  stages = [recipe().stage(10 + 5 * phase) for phase in range(7)]
  assert [stage.phase for stage in stages] == [2, 3, 4, 5, 6, 7, 8]
  assert [stage.open_dimensions for stage in stages] == [1, 2, 2, 5, 5, 5, 5]
  assert [stage.discrete for stage in stages] == [False] * 2 + [True] * 5
  assert [stage.taught for stage in stages] == (
    [False] * 2 + [True] * 3 + [False] * 2
  )
  assert recipe().rest_opens_at == recipe().start_of(3) == 25
  assert stages[2].kl_weights.tolist() == [0.25, 0.25, 12.0, 12.0, 12.0]
  assert stages[3].kl_weights.tolist() == [0.25] * 5


def test_without_the_options_it_is_the_papers():
  plain = recipe(warm_up=(), taught_phases=0, opens_rest_together=False)
  assert plain == Cascade(5, 0.25, 12.0, 5, 2)
  assert plain.rest_opens_at is None
  opened = [plain.stage(5 * phase).open_dimensions for phase in range(7)]
  assert opened == [1, 2, 2, 3, 4, 5, 5]


def test_nothing_opens_together_without_a_code():
  assert recipe(discrete_start_phase=None).rest_opens_at is None
  opened = [
    recipe(discrete_start_phase=None).stage(10 + 5 * p).open_dimensions
    for p in range(6)
  ]
  assert opened == [1, 2, 3, 4, 5, 5]


def test_changes_are_multiplied_from_their_steps_on():
  inner = restarted_adam(0.1, 2)
  outer = with_factors(inner, [3, 5], [2.0, 0.5])
  params = {"w": jnp.array([1.0, -2.0])}
  factors = [1, 1, 1, 2, 2, 0.5, 0.5]
  states = inner.init(params), outer.init(params)
  for step, factor in enumerate(factors):
    gradient = {"w": jnp.array([0.3, 1.0]) * (step + 1)}
    weights = jnp.full(2, float(step > 1))  # a restart within
    changes, first = inner.update(
      gradient, states[0], params, kl_weights=weights
    )
    scaled, second = outer.update(
      gradient, states[1], params, kl_weights=weights, step=jnp.int32(step)
    )
    np.testing.assert_allclose(scaled["w"], factor * changes["w"], rtol=1e-6)
    states = first, second
