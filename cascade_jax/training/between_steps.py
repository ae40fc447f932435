"""What happens to the states of a run between two of its steps."""

from collections.abc import Sequence

import jax
import ml_collections
import numpy as np
from absl import logging

from cascade_jax.activity import activity
from cascade_jax.methods import Method
from cascade_jax.sharding import Spread
from cascade_jax.training import replicas
from cascade_jax.training.chunks import chunk_end
from cascade_jax.training.sample import Sample
from cascade_jax.training.stepper import Stepper
from cascade_jax.types import TrainState

MOST_STARTS = 4
# Seeds of further starts: far from each other and from those of replicas.
_SEED_STRIDE = 2**24


class BetweenSteps:
  """Applies a method's transitions and begins failed starts anew.

  Args:
    config: of the run.
    method: bare functions of one replica.
    spread: how replicas are held.
    stepper: takes the steps of further starts.
    sample: of images, by which states are judged.
  """

  def __init__(
    self,
    config: ml_collections.ConfigDict,
    method: Method,
    spread: Spread,
    stepper: Stepper,
    sample: Sample,
  ) -> None:
    self._config = config
    self._method = method
    self._spread = spread
    self._stepper = stepper
    self._sample = sample

  def before(self, step: int, groups: list[TrainState]) -> list[TrainState]:
    """Returns the groups with which the step is to be taken."""
    start = self._method.start
    if start is not None and step == start.steps:
      groups = self._sound(groups)
    return self._changed(step, groups)

  def _changed(self, step: int, groups: list[TrainState]) -> list[TrainState]:
    """Returns the groups after the transition of a step, if it has one."""
    transition = self._method.transitions.get(step)
    if transition is None:
      return groups
    discrete = self._method.schedule(step).discrete
    with activity(f"changing the dimensions before step {step}"):
      representations = self._sample.representations(groups, discrete)
      states = map(transition, self._spread.join(groups), representations)
      return self._spread.split(list(states))

  def _sound(self, groups: list[TrainState]) -> list[TrainState]:
    """Returns the groups with failed starts replaced by better ones.

    The steps of further starts do not count as steps of the run. After
    `MOST_STARTS` it goes on with what it has.
    """
    seeds = replicas.seeds(self._config)
    for attempt in range(1, MOST_STARTS + 1):
      problems = self._problems(groups)
      is_last = attempt == MOST_STARTS
      outcome = f"; begun anew, start {attempt + 1} of up to {MOST_STARTS}"
      if is_last:
        outcome = f", in each of {attempt} starts; it goes on all the same"
      for seed, problem in zip(seeds, problems):
        if problem:
          logging.warning("seed %d: %s%s", seed, problem, outcome)
      if is_last or not any(problems):
        break
      states = self._spread.join(groups)
      others = self._spread.join(self._further_start(attempt))
      chosen = [b if p else a for a, b, p in zip(states, others, problems)]
      groups = self._spread.split(chosen)
    return groups

  def _problems(self, groups: Sequence[TrainState]) -> list[str | None]:
    """Returns what is wrong with each replica's start; None if nothing is."""
    assert self._method.start is not None
    with activity("looking whether the start is sound"):
      representations = self._sample.representations(groups, discrete=False)
      return [self._method.start.problem(each) for each in representations]

  def _further_start(self, attempt: int) -> list[TrainState]:
    """Returns groups that have taken the steps of a start from new weights."""
    assert self._method.start is not None
    init = jax.jit(self._method.init)
    states = [
      init(seed + attempt * _SEED_STRIDE)._replace(seed=np.uint32(seed))
      for seed in replicas.seeds(self._config)
    ]
    groups, step = self._spread.split(states), 0
    with activity(f"making start {attempt + 1}") as reach:
      while step < self._method.start.steps:
        reach(f"step {step} of {self._method.start.steps}")
        stage = self._method.schedule(step)
        most = self._stepper.most_steps(stage)
        end = chunk_end(step, self._config, self._method, most)
        groups = self._changed(step, groups)
        groups, _, _ = self._stepper.take(groups, step, end, stage)
        step = end
    return groups
