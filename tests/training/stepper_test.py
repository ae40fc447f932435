import chex
import jax
import numpy as np
import pytest

from cascade_jax import methods, sharding
from cascade_jax.training import loop, replicas, stepper


class Run:
  """A run's steps, without its folder."""

  def __init__(self, config, dataset, method=None, over=None):
    self.config = config
    self.method = method or methods.build(config, dataset.image_shape)
    self.over = over or sharding.spread(config.num_replicas)
    images = self.over.share(dataset.images)
    self.stepper = stepper.Stepper(
      config, self.method, dataset._replace(images=images), self.over
    )
    self.outcomes = []

  def start(self):
    seeds = replicas.seeds(self.config)
    return self.over.split([self.method.init(seed) for seed in seeds])

  def go_on(self, groups, step=0):
    """In the chunks of a run, which are gathered in `outcomes`."""
    while step < self.config.num_steps:
      stage = self.method.stage(step)
      most = self.stepper.most_steps(stage)
      end = loop.chunk_end(step, self.config, self.method, most)
      groups, outcomes, _ = self.stepper.take(groups, step, end, stage)
      self.outcomes.append(outcomes)
      step = end
    return groups

  def take_all(self):
    return self.over.join(self.go_on(self.start()))


@pytest.fixture
def in_chunks(tiny_config, monkeypatch):
  """Several steps a call, of 1, 2 and 3 steps, as on an accelerator."""
  monkeypatch.setattr(stepper, "steps_per_call", lambda config: 3)
  tiny_config.phase_steps = 5
  tiny_config.log_every = tiny_config.num_steps = 12
  tiny_config.checkpoint_every = 7
  tiny_config.solver = "device"


def close(ours, theirs):
  chex.assert_trees_all_close(ours, theirs, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("solver", ["host", "device"])
@pytest.mark.usefixtures("in_chunks")
def test_one_compilation_without_the_code_and_one_with_it(
  tiny_config, tiny_dataset, solver
):
  """Whatever the phase and the length of the chunk.

  A loop's body is traced twice: for the shapes that it ends with, too.
  """
  tiny_config.solver = solver
  method = methods.build(tiny_config, tiny_dataset.image_shape)
  chex.clear_trace_counter()
  most = {"host": 3, "device": 4}[solver]
  counted = method._replace(
    score=chex.assert_max_traces(method.score, n=most),
    update=chex.assert_max_traces(method.update, n=most),
  )
  (state,) = Run(tiny_config, tiny_dataset, counted).take_all()
  assert state.step == 12


@pytest.mark.usefixtures("in_chunks")
def test_nothing_crosses_to_the_device_unseen_in_chunks(
  tiny_config, tiny_dataset
):
  run = Run(tiny_config, tiny_dataset)
  groups = run.start()
  with jax.transfer_guard("disallow"):
    run.go_on(groups)


def test_nothing_crosses_to_the_device_unseen(tiny_config, tiny_dataset):
  tiny_config.num_replicas = 2
  run = Run(tiny_config, tiny_dataset)
  groups = run.start()
  with jax.transfer_guard("disallow"):
    run.go_on(groups)


@pytest.mark.usefixtures("in_chunks")
def test_solver_on_the_device_gives_the_host_s_run(tiny_config, tiny_dataset):
  ours = Run(tiny_config, tiny_dataset)
  ours_state = ours.take_all()
  tiny_config.solver = "host"
  theirs = Run(tiny_config, tiny_dataset)
  close(ours_state, theirs.take_all())
  ours, theirs = (jax.device_get(run.outcomes[-1][0]) for run in (ours, theirs))
  jax.tree.map(np.testing.assert_array_equal, ours.chosen, theirs.chosen)
  close(ours.report, theirs.report)


@pytest.mark.parametrize("per_device", [1, 2])
def test_replica_is_the_run_of_its_seed(tiny_config, tiny_dataset, per_device):
  """In turns, as on a CPU, and side by side, as elsewhere."""
  tiny_config.num_replicas = 2
  over = sharding.on(jax.local_devices()[:1], per_device)
  together = Run(tiny_config, tiny_dataset, over=over).take_all()
  tiny_config.num_replicas, tiny_config.seed = 1, 1
  (alone,) = Run(tiny_config, tiny_dataset).take_all()
  assert together[1].seed == 1
  if per_device == 1:
    chex.assert_trees_all_equal(together[1], alone)
  else:
    close(together[1], alone)


def test_diverged_replica_is_named(tiny_config, tiny_dataset):
  tiny_config.num_replicas = 2
  tiny_config.seed = 4
  run = Run(tiny_config, tiny_dataset)
  states = [run.method.init(seed) for seed in (4, 5)]
  states[1] = states[1]._replace(
    params=jax.tree.map(lambda x: x * np.nan, states[1].params)
  )
  with pytest.raises(FloatingPointError, match="seed 5 has diverged.*nan"):
    run.go_on(run.over.split(states), step=4)
