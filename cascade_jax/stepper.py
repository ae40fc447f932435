"""All replicas by some steps: the only place where host and device alternate.

Where codes are solved for on the host, each step is: indices from (seed,
step), unary costs on the device, the flow on the host, the update on the
device. Where nothing needs the host, the device takes many steps in one call.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

import jax
import ml_collections
import numpy as np

from cascade_jax import data, replicas
from cascade_jax.assignment import assign_each
from cascade_jax.records import Method, Stage, TrainState
from cascade_jax.spread import Spread
from cascade_jax.steps import Outcome, compile_steps, steps_per_call


class Seconds(NamedTuple):
  """What a step of all replicas took, of the wall clock."""

  score: float  # encode and score
  solve: float
  update: float


class Stepper:
  """Takes the steps of a run.

  Replicas that don't fit in one program (see `spread`) take turns, so their
  states come in groups.

  Args:
    config: of the run.
    method: bare functions of one replica.
    dataset: its images on the devices.
    spread: how replicas are held.
  """

  def __init__(
    self,
    config: ml_collections.ConfigDict,
    method: Method,
    dataset: data.Dataset,
    spread: Spread,
  ):
    self._config = config
    self._images = dataset.images
    self._spread = spread
    self._steps = compile_steps(method, dataset, spread, config)
    self._most_steps = steps_per_call(config)

  def most_steps(self, stage: Stage) -> int:
    """How many steps `take` can be asked for at once."""
    return 1 if self._needs_host(stage) else self._most_steps

  def take(
    self,
    groups: Sequence[TrainState],
    first: int,
    last: int,
    stage: Stage,
    wait: bool = True,
  ) -> tuple[list[TrainState], list[Outcome], Seconds]:
    """Steps first to last - 1, all under one stage.

    Args:
      groups: stacked states, consumed.
      first: step, counted from 0.
      last: the step that is not taken any more.
      stage: what the schedule says about these steps.
      wait: for the updates to end, so that their seconds are right; otherwise
        the device goes on while the host prepares the next steps.

    Returns:
      The groups' new states, their outcomes of the last of these steps, and
      the seconds of one step.
    """
    started = time.perf_counter()
    indices = self._indices(first, last)
    kl_weights = self._spread.share(stage.kl_weights)
    states, outcomes, score, solve = [], [], 0.0, 0.0
    for state, rows in zip(groups, np.split(indices, len(groups))):
      if self._needs_host(stage):
        state, outcome, seconds = self._alternate(state, rows[:, 0], kl_weights)
        score, solve = score + seconds[0], solve + seconds[1]
      else:
        state, outcome = self._steps.run(
          state,
          self._images,
          self._spread.put(rows),
          self._spread.share(np.int32(last - first)),
          kl_weights,
          stage.discrete,
        )
      states.append(state)
      outcomes.append(outcome)
    if wait:
      jax.block_until_ready(states)
    update = time.perf_counter() - started - score - solve
    return states, outcomes, Seconds(score, solve, update / (last - first))

  def _alternate(self, state, indices, kl_weights):
    """One step of one group: score, solve on the host, update."""
    started = time.perf_counter()
    indices = self._spread.put(indices)
    scores = self._steps.score(state, self._images, indices)
    costs = jax.device_get(scores.costs)  # [R, B, S]
    scored = time.perf_counter()
    check_finite(costs, state)
    assignment = assign_each(costs, self._config.pairwise_weight)
    categories = assignment.categories.astype(np.int32)
    flow_differs = (categories != costs.argmin(axis=2)).mean(axis=1)
    solved = time.perf_counter()
    state, report = self._steps.update(
      state,
      self._images,
      indices,
      scores,
      self._spread.put(categories),
      kl_weights,
    )
    outcome = Outcome(report, assignment.counts, flow_differs)
    return state, outcome, (scored - started, solved - scored)

  def _needs_host(self, stage: Stage) -> bool:
    return stage.discrete and self._config.solver == "host"

  def _indices(self, first: int, last: int) -> np.ndarray:
    """`[R, n, B]` int32, filled up to the n that was compiled for."""
    config = self._config
    seeds = replicas.seeds(config)
    shape = (len(seeds), self._most_steps, config.batch_size)
    indices = np.zeros(shape, np.int32)
    for row, seed in enumerate(seeds):
      for step in range(first, last):
        indices[row, step - first] = data.batch_indices(
          len(self._images), config.batch_size, seed, step
        )
    return indices


def check_finite(losses: np.ndarray, state: TrainState) -> None:
  """Stops a run that has diverged.

  Args:
    losses: `[R, ...]`, on the host.
    state: the replicas', stacked.

  Raises:
    FloatingPointError: one is NaN or infinite; names the replica's seed.
  """
  finite = np.isfinite(losses)
  if finite.all():
    return
  where = tuple(np.argwhere(~finite)[0])
  seed, step = jax.device_get((state.seed, state.step))
  raise FloatingPointError(
    f"training of seed {seed[where[0]]} has diverged: a loss is "
    f"{losses[where]} after {step[where[0]]} steps. Try a lower learning_rate "
    "in a new workdir; the last checkpoint is from before."
  )
