import chex
import jax
import numpy as np
import pytest

from cascade_jax import data, methods, sharding
from cascade_jax.backend import backend
from cascade_jax.errors import DivergenceError
from cascade_jax.training import chunks, replicas, stepper


class Run:
  """The steps of a run, without its folder.

  Attributes:
    method: of the config, unless another one is given.
    outcomes: of the calls so far, each a list with one of each group.
  """

  def __init__(self, config, dataset, method=None, spread=None):
    self._config = config
    self._spread = spread or sharding.spread(config.num_replicas)
    self.method = method or methods.build(config, dataset.image_shape)
    self._stepper = stepper.Stepper(
      config,
      self.method,
      stepper.device_dataset(dataset, self.method, self._spread),
      self._spread,
    )
    self.outcomes = []

  def start(self, change=lambda states: states):
    """Returns the groups of the replicas' first states."""
    return self._spread.split(
      change(replicas.initial_states(self._config, self.method))
    )

  def go_on(self, groups, step=0):
    """Returns the groups after the last step, taken in the calls of a run."""
    while step < self._config.num_steps:
      stage = self.method.schedule(step)
      most = self._stepper.most_steps(stage)
      end = chunks.chunk_end(step, self._config, self.method, most)
      groups, outcomes, _ = self._stepper.take(groups, step, end, stage)
      self.outcomes.append(outcomes)
      step = end
    return groups

  def take_all(self):
    """Returns the last state of each replica."""
    return self._spread.join(self.go_on(self.start()))


@pytest.fixture
def many_steps_a_call(tiny_config, monkeypatch):
  """Calls of 1, 2 and 3 steps, as on an accelerator."""
  decisions = backend()._replace(steps_per_call=3)
  monkeypatch.setattr(stepper, "backend", lambda: decisions)
  tiny_config.phase_steps = 5
  tiny_config.log_every = tiny_config.num_steps = 12
  tiny_config.checkpoint_every = 7
  tiny_config.solver = "device"


def assert_close(state, expected):
  chex.assert_trees_all_close(state, expected, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("solver", ["host", "device"])
@pytest.mark.usefixtures("many_steps_a_call")
def test_steps_compile_once_without_the_code_and_once_with_it(
  tiny_config, tiny_dataset, solver
):
  """The phase and the number of steps in a call change nothing.

  A loop's body is traced twice: first for the shapes of its results.
  """
  tiny_config.solver = solver
  method = methods.build(tiny_config, tiny_dataset.image_shape)
  chex.clear_trace_counter()
  most = {"host": 3, "device": 4}[solver]
  counted = method._replace(
    forward=chex.assert_max_traces(method.forward, n=most),
    update=chex.assert_max_traces(method.update, n=most),
  )
  (state,) = Run(tiny_config, tiny_dataset, counted).take_all()
  assert state.step == 12


@pytest.mark.usefixtures("many_steps_a_call")
def test_many_steps_a_call_need_no_implicit_transfer(tiny_config, tiny_dataset):
  run = Run(tiny_config, tiny_dataset)
  groups = run.start()
  with jax.transfer_guard("disallow"):
    run.go_on(groups)


def test_steps_need_no_implicit_transfer(tiny_config, tiny_dataset):
  tiny_config.num_replicas = 2
  run = Run(tiny_config, tiny_dataset)
  groups = run.start()
  with jax.transfer_guard("disallow"):
    run.go_on(groups)


@pytest.mark.usefixtures("many_steps_a_call")
def test_solver_on_the_device_gives_the_run_of_the_host_s(
  tiny_config, tiny_dataset
):
  on_device = Run(tiny_config, tiny_dataset)
  state = on_device.take_all()
  tiny_config.solver = "host"
  on_host = Run(tiny_config, tiny_dataset)
  assert_close(state, on_host.take_all())
  outcome, expected = (
    jax.device_get(run.outcomes[-1][0]) for run in (on_device, on_host)
  )
  chex.assert_trees_all_equal(outcome.codes, expected.codes)
  assert_close(outcome.metrics, expected.metrics)


@pytest.mark.parametrize("per_place", [1, 2])
def test_replica_is_the_run_of_its_seed(tiny_config, tiny_dataset, per_place):
  """Replicas take turns, as on a CPU, or are stacked, as elsewhere."""
  tiny_config.num_replicas = 2
  spread = sharding.on(jax.local_devices()[:1], per_place)
  together = Run(tiny_config, tiny_dataset, spread=spread).take_all()
  tiny_config.num_replicas, tiny_config.seed = 1, 1
  (alone,) = Run(tiny_config, tiny_dataset).take_all()
  assert together[1].seed == 1
  if per_place == 1:
    chex.assert_trees_all_equal(together[1], alone)
  else:
    assert_close(together[1], alone)


def test_diverged_replica_is_named(tiny_config, tiny_dataset):
  tiny_config.num_replicas = 2
  tiny_config.seed = 4

  def diverge(states):
    first, second = states
    nans = jax.tree.map(lambda x: x * np.nan, second.params)
    return [first, second._replace(params=nans)]

  run = Run(tiny_config, tiny_dataset)
  with pytest.raises(DivergenceError, match="seed 5 has diverged.*nan"):
    run.go_on(run.start(diverge), step=4)


def test_only_supervised_methods_see_the_classes(tiny_config, tiny_dataset):
  spread = sharding.spread(1)
  for name, is_supervised in (("aae_s", True), ("aae", False)):
    tiny_config.method = name
    method = methods.build(tiny_config, tiny_dataset.image_shape)
    dataset = stepper.device_dataset(tiny_dataset, method, spread)
    assert (dataset.classes is not None) == is_supervised


@pytest.mark.parametrize(("log_every", "expected"), [(7, 7), (1000, 100)])
def test_steps_of_a_call_end_at_the_log_or_at_the_backend_s_most(
  tiny_config, monkeypatch, log_every, expected
):
  tiny_config.log_every = log_every
  assert stepper.steps_per_call(tiny_config) == 1  # on a CPU
  decisions = backend()._replace(steps_per_call=100)
  monkeypatch.setattr(stepper, "backend", lambda: decisions)
  assert stepper.steps_per_call(tiny_config) == expected


def test_only_codes_solved_on_the_host_need_single_steps(
  tiny_config, tiny_dataset, monkeypatch
):
  decisions = backend()._replace(steps_per_call=100)
  monkeypatch.setattr(stepper, "backend", lambda: decisions)
  tiny_config.log_every = 10
  spread = sharding.spread(1)
  on_device = data.to_device(tiny_dataset, spread)
  for name, solver, expected in (
    ("cascade_vae", "host", [10, 1]),
    ("cascade_vae", "device", [10, 10]),
    ("joint_vae", "host", [10, 10]),
  ):
    tiny_config.method, tiny_config.solver = name, solver
    method = methods.build(tiny_config, tiny_dataset.image_shape)
    steps = stepper.Stepper(tiny_config, method, on_device, spread)
    stage = method.schedule(0)
    assert [
      steps.most_steps(stage._replace(discrete=discrete))
      for discrete in (False, True)
    ] == expected
