import jax
import numpy as np
import optax
import pytest

from cascade_jax import methods
from cascade_jax.methods import transitions
from cascade_jax.methods.cascade import Cascade, WarmUp
from cascade_jax.types import Representation

M, SHAPE = 4, (16, 16, 1)
WARM_UP = WarmUp(30.0, 5), WarmUp(10.0, 7)


def cascade(**changes):
  settings = {"warm_up": WARM_UP, "opens_rest_together": True}
  return Cascade(M, 0.5, 10.0, 3, 2)._replace(**(settings | changes))


def of_cascade(schedule, aligns=True):
  return transitions.of_cascade(schedule, aligns, optax.adam(1e-3))


@pytest.fixture(scope="module")
def state():
  method = methods.cascade_vae(SHAPE, num_continuous=M, fast_networks=False)
  return jax.device_get(jax.jit(method.init)(3))


def representation(kl):
  """One of 500 images whose dimensions have these KLs, in nats."""
  rng = np.random.default_rng(0)
  used = np.array(kl) > 0
  scale = np.where(used, np.exp(-np.array(kl)), 1.0)
  mean = rng.uniform(-1, 1, (500, M)) * np.sqrt(3 * (1 - scale**2))
  scales = np.tile(scale, (500, 1))
  nothing = np.zeros((500, 0), np.int32)
  return Representation(
    mean.astype(np.float32), scales.astype(np.float32), nothing, nothing
  )


def test_transitions_come_when_the_schedule_says():
  assert sorted(of_cascade(cascade())) == [5, 12, 12 + 3 * 3]
  assert sorted(of_cascade(cascade(), aligns=False)) == [12, 21]
  assert sorted(of_cascade(cascade(warm_up=()))) == [9]
  assert sorted(of_cascade(cascade(opens_rest_together=False))) == [5, 12]


def test_the_papers_cascade_has_none():
  paper = cascade(warm_up=(), opens_rest_together=False)
  assert of_cascade(paper, aligns=True) == {}
  assert methods.cascade_vae(SHAPE).transitions == {}


def test_schedule_changes_at_each_transition():
  schedule = cascade()
  for step in of_cascade(schedule):
    before, after = schedule.stage(step - 1), schedule.stage(step)
    assert before.phase < after.phase
    assert (before.kl_weights != after.kl_weights).any()


def test_dimensions_are_sorted_by_their_kl(state):
  change = of_cascade(cascade())[12]
  changed = change(state, representation([0, 1.0, 0.5, 2.0]))
  order = [3, 1, 2, 0]
  head = state.params["encoder"]["params"]["head"]["kernel"]
  new_head = changed.params["encoder"]["params"]["head"]["kernel"]
  np.testing.assert_array_equal(new_head[:, :M], head[:, order])
  np.testing.assert_array_equal(new_head[:, M:], head[:, M:][:, order])
  assert (changed.step, changed.seed) == (state.step, state.seed)


def test_only_dimensions_in_use_are_turned(state):
  sample = representation([1.0, 0, 1.0, 0])
  turn = np.array([[0.8, -0.6], [0.6, 0.8]])
  sample.mean[:, [0, 2]] = sample.mean[:, [0, 2]] @ turn.T
  changed = of_cascade(cascade())[5](state, sample)
  head = state.params["encoder"]["params"]["head"]["kernel"]
  new_head = changed.params["encoder"]["params"]["head"]["kernel"]
  np.testing.assert_array_equal(new_head[:, [1, 3]], head[:, [1, 3]])
  np.testing.assert_allclose(
    new_head[:, [0, 2]], head[:, [0, 2]] @ turn, atol=0.05
  )


@pytest.mark.parametrize("kl", [[0, 0, 0, 0], [0, 1.0, 0, 0]])
def test_fewer_than_two_dimensions_in_use_are_not_turned(state, kl):
  changed = of_cascade(cascade())[5](state, representation(kl))
  jax.tree.map(np.testing.assert_array_equal, changed.params, state.params)


def test_those_that_open_together_are_revived(state):
  schedule = cascade()
  step = schedule.rest_opens_at
  opened = schedule.stage(step - 1).open_dimensions
  assert (opened, schedule.stage(step).open_dimensions) == (2, M)
  changed = of_cascade(schedule)[step](state, representation([1, 1, 0, 0]))
  bias = changed.params["encoder"]["params"]["head"]["bias"]
  np.testing.assert_array_equal(bias[M:], [0, 0, -3, -3])


def test_optimizer_starts_anew(state):
  moments = jax.tree.map(lambda x: x + 1, optax.adam(1e-3).init(state.params))
  used = state._replace(optimizer=moments)
  for transition in of_cascade(cascade()).values():
    changed = transition(used, representation([1, 1, 0, 0]))
    assert not any(x.any() for x in jax.tree.leaves(changed.optimizer))
