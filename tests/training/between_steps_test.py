import chex
import jax
import numpy as np

from cascade_jax import methods, sharding
from cascade_jax.methods.method import Start
from cascade_jax.training import replicas
from cascade_jax.training.between_steps import MOST_STARTS, BetweenSteps
from cascade_jax.training.sample import Sample
from cascade_jax.training.stepper import Stepper, device_dataset


class Run:
  """BetweenSteps of a run of R replicas whose starts have given problems."""

  def __init__(self, config, dataset, problems):
    """`problems` are those of each replica, in the order they are asked for."""
    queues = [list(of_replica) for of_replica in problems]
    config.num_replicas = len(queues)
    turns = iter(range(10**6))

    def problem(representation):
      assert representation.mean.shape == (30, 3)
      queue = queues[next(turns) % len(queues)]
      return queue.pop(0) if queue else None

    self.method = methods.build(config, dataset.image_shape)
    self.method = self.method._replace(start=Start(2, problem))
    self.spread = sharding.spread(config.num_replicas)
    self.on_device = device_dataset(dataset, self.method, self.spread)
    self.stepper = Stepper(config, self.method, self.on_device, self.spread)
    sample = Sample(config, self.method, self.on_device, self.spread)
    self.between_steps = BetweenSteps(
      config, self.method, self.spread, self.stepper, sample
    )
    self.initial = replicas.initial_states(config, self.method)

  def warmed_up(self, states):
    """The states after the two steps of a start."""
    groups = self.spread.split(states)
    for step in range(2):
      groups, _, _ = self.stepper.take(
        groups, step, step + 1, self.method.schedule(step)
      )
    return groups

  def states_before(self, step):
    groups = self.between_steps.before(step, self.warmed_up(self.initial))
    return self.spread.join(groups)


def test_sound_starts_go_on(tiny_config, tiny_dataset):
  run = Run(tiny_config, tiny_dataset, [[None], [None]])
  expected = run.spread.join(run.warmed_up(run.initial))
  chex.assert_trees_all_equal(run.states_before(2), expected)


def test_starts_are_judged_at_their_end_only(tiny_config, tiny_dataset):
  run = Run(tiny_config, tiny_dataset, [["it would fail"]])
  expected = run.spread.join(run.warmed_up(run.initial))
  chex.assert_trees_all_equal(run.states_before(1), expected)
  chex.assert_trees_all_equal(run.states_before(3), expected)


def test_failed_start_is_begun_anew_and_the_other_is_kept(
  tiny_config, tiny_dataset, caplog
):
  run = Run(tiny_config, tiny_dataset, [["three in use"], []])
  others = [
    run.method.init(seed + 2**24)._replace(seed=np.uint32(seed))
    for seed in (0, 1)
  ]
  kept = run.spread.join(run.warmed_up(run.initial))[1]
  other = run.spread.join(run.warmed_up(others))[0]
  states = run.states_before(2)
  chex.assert_trees_all_equal(states[1], kept)
  chex.assert_trees_all_equal(states[0], other)
  assert (states[0].step, states[0].seed) == (2, 0)
  assert "seed 0: three in use; begun anew, start 2 of up to" in caplog.text
  assert "seed 1" not in caplog.text


def test_it_goes_on_after_the_last_start(tiny_config, tiny_dataset, caplog):
  run = Run(tiny_config, tiny_dataset, [["bad"] * MOST_STARTS])
  (state,) = run.states_before(2)
  last = run.method.init((MOST_STARTS - 1) * 2**24)
  last = last._replace(seed=np.uint32(0))
  (expected,) = run.spread.join(run.warmed_up([last]))
  chex.assert_trees_all_equal(state, expected)
  assert "bad, in each of 4 starts; it goes on all the same" in caplog.text


def test_transition_is_given_each_replicas_state_and_representation(
  tiny_config, tiny_dataset
):
  run = Run(tiny_config, tiny_dataset, [[], []])
  given = []

  def transition(state, representation):
    given.append((state, representation))
    return state._replace(params=jax.tree.map(lambda x: x + 1, state.params))

  run.method = run.method._replace(transitions={3: transition})
  run.between_steps._method = run.method
  before = run.spread.join(run.warmed_up(run.initial))
  after = run.states_before(3)
  for k in range(2):
    chex.assert_trees_all_equal(given[k][0], before[k])
    images = run.on_device.batch(np.arange(30)).images
    expected = run.method.represent(before[k].params, images, True)
    chex.assert_trees_all_close(
      given[k][1], jax.device_get(expected), atol=1e-5
    )
    chex.assert_trees_all_equal(
      after[k].params, jax.tree.map(lambda x: x + 1, before[k].params)
    )
