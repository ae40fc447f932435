"""The steps of all replicas: the only place where host and device alternate.

Where codes are solved for on the host, each step is: indices from (seed, step);
the forward pass, which gives the unary costs, on the device; the flow on the
host; the update on the device. Where nothing needs the host, an accelerator
takes many steps in one call.
"""

import contextlib
import time
from collections.abc import Sequence
from typing import NamedTuple

import jax
import ml_collections
import numpy as np

from cascade_jax import data
from cascade_jax.activity import activity
from cascade_jax.assignment.joint import assign_each
from cascade_jax.backend import backend
from cascade_jax.errors import DivergenceError, UserError
from cascade_jax.methods import Method
from cascade_jax.sharding import Spread, fetched
from cascade_jax.training import replicas
from cascade_jax.training.feed import Feed
from cascade_jax.training.steps import (
  AnyCodes,
  StepOutcome,
  Steps,
  solved_codes,
  taught_codes,
  unary_costs_of,
  zero_codes,
)
from cascade_jax.training.teacher import Teacher
from cascade_jax.types import ForwardPass, Stage, TrainState


class Seconds(NamedTuple):
  """Wall-clock seconds of one step of all replicas."""

  forward: float  # includes earlier work that was not waited for
  solve: float
  update: float


class Stepper:
  """Takes the steps of a run.

  Replicas that do not fit in one program (see `sharding`) take turns, so their
  states come in groups.

  Args:
    config: of the run.
    method: bare functions of one replica.
    dataset: on the devices of `spread`, or streamed.
    spread: how replicas are held.
    teacher: of methods with taught stages.
  """

  def __init__(
    self,
    config: ml_collections.ConfigDict,
    method: Method,
    dataset: data.DeviceDataset | data.StreamedDataset,
    spread: Spread,
    teacher: Teacher | None = None,
  ) -> None:
    self._config = config
    self._method = method
    self._spread = spread
    self._teacher = teacher
    self._seeds = np.array(replicas.seeds(config))
    self._feed = Feed(
      dataset, replicas.seeds(config), config.batch_size, config.num_steps
    )
    self._steps = Steps(
      method, spread, config.pairwise_weight, config.batch_size
    )
    self._steps_per_call = self._feed.most_steps(steps_per_call(config))
    self._compiled: set[tuple[bool, bool]] = set()  # discrete, taught
    # On the host, and on the devices.
    self._kl_weights: tuple[np.ndarray, jax.Array] | None = None
    self._zero_codes = jax.tree.map(
      lambda x: np.stack([x] * spread.size),
      zero_codes(method, config.batch_size),
    )

  def most_steps(self, stage: Stage) -> int:
    """Returns how many steps `take` can be asked for at once."""
    is_solved = self._method.solves_codes and stage.discrete
    needs_host = stage.taught or (is_solved and self._config.solver == "host")
    return 1 if needs_host else self._steps_per_call

  def take(
    self,
    groups: Sequence[TrainState],
    first: int,
    last: int,
    stage: Stage,
    wait: bool = True,
  ) -> tuple[list[TrainState], list[StepOutcome], Seconds]:
    """Takes steps first to last - 1, all under one stage.

    Args:
      groups: stacked states, consumed.
      first: the first step, counted from 0.
      last: the step after the last one that is taken.
      stage: what the schedule prescribes for these steps.
      wait: whether to wait for the updates, so that their seconds are right;
        otherwise the device goes on while the host prepares the next steps.

    Returns:
      The new states of the groups, the outcomes of the last of these steps,
      and the seconds of one step.
    """
    started = time.perf_counter()
    most = self.most_steps(stage)
    images = self._feed.take(first, last, most)
    kl_weights = self._on_device(stage.kl_weights)
    states, outcomes, forward, solve = [], [], 0.0, 0.0
    seeds = np.split(self._seeds, len(groups))
    with self._compiling(stage):
      for state, places, indices, of_seeds in zip(
        groups,
        np.split(images.places, len(groups)),
        np.split(images.indices, len(groups)),
        seeds,
      ):
        if most == 1:
          guess = None
          if stage.taught:
            guess = self._guess(of_seeds, indices[:, 0])
          batch = images.part, np.ascontiguousarray(places[:, 0])
          state, outcome, seconds = self._alternate(
            state, batch, stage.discrete, kl_weights, guess
          )
          forward, solve = forward + seconds[0], solve + seconds[1]
        else:
          state, outcome = self._steps.run(
            state,
            images.part,
            self._spread.put(places),
            self._spread.share(np.int32(last - first)),
            kl_weights,
            stage.discrete,
          )
        states.append(state)
        outcomes.append(outcome)
    if wait:
      jax.block_until_ready(states)
    update = time.perf_counter() - started - forward - solve
    return states, outcomes, Seconds(forward, solve, update / (last - first))

  def _compiling(
    self, stage: Stage
  ) -> contextlib.AbstractContextManager[object]:
    """Returns the context of a call, which says so if it has to compile."""
    kind = stage.discrete, stage.taught
    if kind in self._compiled:
      return contextlib.nullcontext()
    self._compiled.add(kind)
    code = " with the discrete code" if any(kind) else ""
    return activity(f"compiling the step{code}")

  def _alternate(
    self,
    state: TrainState,
    batch: tuple[data.DeviceDataset, np.ndarray],  # with places [R, B]
    discrete: bool,
    kl_weights: jax.Array | None,
    guess: np.ndarray | None,  # [R, B]; None: codes are solved for
  ) -> tuple[TrainState, StepOutcome, tuple[float, float]]:
    """Takes one step of one group: forward pass, solve, update.

    Where codes are taught, one pass of the update is all.
    """
    started = time.perf_counter()
    # The caches are cold here, so even small calls are slow: `device_put` takes
    # 0.4 ms, a whole call with a NumPy array as an argument 0.14 ms.
    with jax.transfer_guard_host_to_device("allow"):
      forward_pass = None
      if self._method.forward is not None and guess is None:
        forward_pass = self._steps.forward(state, *batch, discrete)
      codes, scored, solved = self._codes(forward_pass, discrete, state, guess)
      state, metrics = self._steps.update(
        state,
        *batch,
        kl_weights,
        forward_pass,
        None if codes is None else codes.categories,
      )
    seconds = scored - started, solved - scored
    return state, StepOutcome(metrics, codes), seconds

  def _codes(
    self,
    forward_pass: ForwardPass | None,
    discrete: bool,
    state: TrainState,
    guess: np.ndarray | None,
  ) -> tuple[AnyCodes | None, float, float]:
    """Returns the codes, and the times when costs arrived and codes did."""
    if guess is not None:
      scored = time.perf_counter()
      codes = taught_codes(guess, self._method.num_categories[0])
      return codes, scored, scored
    if not (self._method.solves_codes and discrete):
      scored = time.perf_counter()
      return self._zero_codes, scored, scored
    on_device = unary_costs_of(forward_pass)  # [R, B, K]
    if self._config.solver == "device":
      scored = time.perf_counter()
      return self._steps.assign(on_device), scored, time.perf_counter()
    unary_costs = fetched(on_device)
    scored = time.perf_counter()
    try:
      assignment = assign_each(
        unary_costs, self._method.num_categories, self._config.pairwise_weight
      )
    except UserError:
      check_finite(unary_costs, state)  # says which replica has diverged
      raise
    categories = assignment.categories.astype(np.int32)
    codes = solved_codes(categories, assignment.counts, unary_costs)
    return codes, scored, time.perf_counter()

  def _guess(self, seeds: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Returns the guessed categories `[R, B]` of a batch of each seed."""
    assert self._teacher is not None, "a taught stage needs a teacher"
    pairs = zip(seeds.tolist(), indices)
    return np.stack([self._teacher.categories(*pair) for pair in pairs])

  def _on_device(self, kl_weights: np.ndarray | None) -> jax.Array | None:
    """Returns the weights of the stage, put there when they change."""
    if kl_weights is None:
      return None
    if self._kl_weights is None or not np.array_equal(
      kl_weights, self._kl_weights[0]
    ):
      self._kl_weights = kl_weights, self._spread.share(kl_weights)
    return self._kl_weights[1]


def device_dataset(
  dataset: data.Dataset, method: Method, spread: Spread
) -> data.DeviceDataset | data.StreamedDataset:
  """Returns the data set on the devices, with classes if the method needs them.

  Raises:
    UserError: a supervised method, and data without classes or with more
      classes than it has categories; or images that don't fit into memory.
  """
  classes = None
  if method.is_supervised:
    classes = data.true_classes(dataset, method.num_categories)
  return data.to_device(dataset, spread, classes)


def steps_per_call(config: ml_collections.ConfigDict) -> int:
  """Returns the n of `Steps.run`; with 1, steps are taken one by one."""
  return min(config.log_every, backend().steps_per_call)


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
  seed, step = fetched((state.seed, state.step))
  raise DivergenceError(
    f"training of seed {seed[where[0]]} has diverged: a loss is "
    f"{losses[where]} after {step[where[0]]} steps. Try a lower learning_rate "
    "in a new workdir; the last checkpoint is from before."
  )
