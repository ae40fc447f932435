"""All replicas by some steps: the only place where host and device alternate.

Where codes are solved for on the host, each step is: indices from (seed,
step), unary costs on the device, the flow on the host, the update on the
device. Where nothing needs the host, an accelerator takes many in one call.
"""

import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import jax
import ml_collections
import numpy as np

from cascade_jax import data
from cascade_jax.assignment.gaps import gap_counts
from cascade_jax.assignment.joint import assign_each
from cascade_jax.errors import DivergenceError, UserError
from cascade_jax.sharding import Spread
from cascade_jax.training import replicas
from cascade_jax.training.steps import (
  Chosen,
  Outcome,
  Source,
  compile_steps,
  no_code,
  steps_per_call,
)
from cascade_jax.types import Method, Stage, TrainState


class Seconds(NamedTuple):
  """What a step of all replicas took, of the wall clock."""

  score: float  # encode and score; with what is left to do, if not waited for
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

  Raises:
    UserError: a supervised method, and data without classes or with more
      than it has categories.
  """

  def __init__(
    self,
    config: ml_collections.ConfigDict,
    method: Method,
    dataset: data.Dataset,
    spread: Spread,
  ):
    self._config = config
    self._method = method
    self._source = _source(method, dataset, spread)
    self._spread = spread
    self._steps = compile_steps(method, dataset, spread, config)
    self._most_steps = steps_per_call(config)
    self._kl_weights = None, None  # on the host, on the devices
    self._no_code = jax.tree.map(
      lambda x: np.stack([x] * spread.size), no_code(config, method)
    )

  def most_steps(self, stage: Stage) -> int:
    """How many steps `take` can be asked for at once."""
    is_solved = self._method.assigned and stage.discrete
    needs_host = is_solved and self._config.solver == "host"
    return 1 if needs_host else self._most_steps

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
    kl_weights = self._on_device(stage.kl_weights)
    states, outcomes, score, solve = [], [], 0.0, 0.0
    for state, rows in zip(groups, np.split(indices, len(groups))):
      if self.most_steps(stage) == 1:
        rows = np.ascontiguousarray(rows[:, 0])
        state, outcome, seconds = self._alternate(
          state, rows, stage.discrete, kl_weights
        )
        score, solve = score + seconds[0], solve + seconds[1]
      else:
        state, outcome = self._steps.run(
          state,
          self._source,
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

  def _alternate(self, state, indices, discrete, kl_weights):
    """One step of one group: score, solve, update."""
    started = time.perf_counter()
    # Between two steps all is out of the caches: `device_put` takes 0.4 ms
    # here, a whole call with an array of NumPy's 0.14.
    with jax.transfer_guard_host_to_device("allow"):
      scores = None
      if self._method.score is not None:
        scores = self._steps.score(state, self._source, indices, discrete)
      chosen, scored, solved = self._codes(scores, discrete, state)
      state, report = self._steps.update(
        state,
        self._source,
        indices,
        kl_weights,
        scores,
        chosen and chosen.categories,
      )
    return state, Outcome(report, chosen), (scored - started, solved - scored)

  def _codes(
    self, scores, discrete, state
  ) -> tuple[Chosen | None, float, float]:
    """Codes for `[R, B, K]` costs; when these were there, and when solved."""
    if not (self._method.assigned and discrete):
      scored = time.perf_counter()
      return self._no_code, scored, scored
    costs = scores.costs
    if self._config.solver == "device":
      scored = time.perf_counter()
      return self._steps.assign(costs), scored, time.perf_counter()
    costs = np.asarray(costs)
    scored = time.perf_counter()
    try:
      found = assign_each(
        costs, self._method.num_categories, self._config.pairwise_weight
      )
    except ValueError:
      check_finite(costs, state)  # says which replica has diverged
      raise
    categories = found.categories.astype(np.int32)
    flow_differs = (categories != costs.argmin(axis=2)).mean(axis=1)
    chosen = Chosen(categories, found.counts, flow_differs, gap_counts(costs))
    return chosen, scored, time.perf_counter()

  def _on_device(self, kl_weights: np.ndarray) -> jax.Array:
    """The weights of the stage; put there when they change."""
    if not np.array_equal(kl_weights, self._kl_weights[0]):
      self._kl_weights = kl_weights, self._spread.share(kl_weights)
    return self._kl_weights[1]

  def _indices(self, first: int, last: int) -> np.ndarray:
    """`[R, n, B]` int32, filled up to the n that was compiled for."""
    config = self._config
    seeds = replicas.seeds(config)
    shape = (len(seeds), self._most_steps, config.batch_size)
    indices = np.zeros(shape, np.int32)
    for row, seed in enumerate(seeds):
      for step in range(first, last):
        indices[row, step - first] = data.batch_indices(
          len(self._source.images), config.batch_size, seed, step
        )
    return indices


def _source(method: Method, dataset: data.Dataset, spread: Spread) -> Source:
  if not method.supervised:
    return Source(dataset.images, None)
  if dataset.class_factor is None:
    raise UserError(
      f"config.method learns from the true classes, but data set "
      f"{dataset.name!r} has none; name its class_factor, or use a method "
      "without supervision"
    )
  column = dataset.factor_names.index(dataset.class_factor)
  classes = dataset.factors[:, column].astype(np.int32)
  known = math.prod(method.num_categories)
  if method.num_categories and classes.max() >= known:
    raise UserError(
      f"config.num_categories is {tuple(method.num_categories)}, but the "
      f"classes of data set {dataset.name!r} go up to {classes.max()}, from 0"
    )
  return Source(dataset.images, spread.share(classes))


def check_finite(losses: np.ndarray, state: TrainState) -> None:
  """Stops a run that has diverged.

  Args:
    losses: `[R, ...]`, on the host.
    state: the replicas', stacked.

  Raises:
    DivergenceError: one is NaN or infinite; names the replica's seed.
  """
  finite = np.isfinite(losses)
  if finite.all():
    return
  where = tuple(np.argwhere(~finite)[0])
  seed, step = jax.device_get((state.seed, state.step))
  raise DivergenceError(
    f"training of seed {seed[where[0]]} has diverged: a loss is "
    f"{losses[where]} after {step[where[0]]} steps. Try a lower learning_rate "
    "in a new workdir; the last checkpoint is from before."
  )
