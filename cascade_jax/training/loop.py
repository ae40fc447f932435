"""The loop over a run's steps: when to log, to score, to save and to stop."""

import itertools
import os
from collections.abc import Callable, Collection
from typing import NamedTuple

import jax
import ml_collections
import numpy as np
from absl import logging

from cascade_jax import config as config_lib
from cascade_jax import data, methods, sharding, startup
from cascade_jax.errors import UserError
from cascade_jax.evaluation import scores
from cascade_jax.methods import Method
from cascade_jax.runs import workdir
from cascade_jax.runs.stop_signal import StopSignal
from cascade_jax.training import replicas as replicas_lib
from cascade_jax.training.replicas import Replicas
from cascade_jax.training.stepper import (
  Seconds,
  Stepper,
  check_finite,
  device_dataset,
)
from cascade_jax.training.steps import StepOutcome
from cascade_jax.types import Stage, TrainState


class _Run(NamedTuple):
  """The parts of a run that the loop works with."""

  config: ml_collections.ConfigDict
  method: Method
  spread: sharding.Spread
  stepper: Stepper
  sample_scores: Callable[..., list[dict]]
  replicas: Replicas  # their files
  stop: StopSignal


def train(
  config: ml_collections.ConfigDict,
  folder: str | os.PathLike,
  dataset: data.Dataset | None = None,
) -> TrainState:
  """Trains, or goes on where the folder's run stopped, bit for bit.

  Args:
    config: see `cascade_jax.config.default`.
    folder: the run's folder; made where it does not exist.
    dataset: used instead of the one that the config names.

  Returns:
    The state after `config.num_steps` updates; the states of several replicas
    are stacked on a leading axis.

  Raises:
    UserError: a config that cannot be run, a folder with another config, or
      another process running in the folder.
    DivergenceError: a loss became NaN or infinite.
    SystemExit: after SIGTERM or Ctrl-C, with the state saved.
  """
  startup.check_cpu_sums()
  config_lib.check(config)
  with workdir.claim(folder) as folder:
    dataset = dataset or data.load(**config.data)
    config_lib.check_against_data(
      config, len(dataset.images), dataset.image_shape
    )
    method = methods.build(config, dataset.image_shape)
    spread = sharding.spread(config.num_replicas)
    on_device = device_dataset(dataset, method, spread)
    stepper = Stepper(config, method, on_device, spread)
    sample_scores = scores.compile_sample_scores(
      method, on_device, dataset, spread, config.evaluate_every_images
    )
    # Last, so that a config that cannot be run does not claim the folder.
    with replicas_lib.claim(folder, config) as replicas, StopSignal() as stop:
      states = replicas.restore(replicas_lib.initial_states(config, method))
      replicas.start(int(states[0].step))
      states = _loop(
        _Run(config, method, spread, stepper, sample_scores, replicas, stop),
        states,
      )
  done = int(states[0].step)
  if stop.received is not None and done < config.num_steps:
    name = stop.received.name
    logging.warning(
      "%s: saved step %d; run the same command to go on", name, done
    )
    raise SystemExit(128 + stop.received)
  if config.num_replicas == 1:
    return states[0]
  return jax.tree.map(lambda *leaves: np.stack(leaves), *states)


def _loop(run: _Run, states: list[TrainState]) -> list[TrainState]:
  """Takes the replicas' states to their last ones, or to those at a stop."""
  config = run.config
  step, groups = int(states[0].step), run.spread.split(states)
  while step < config.num_steps:
    # Decide where the next call ends, and what is due there.
    first, stage = step, run.method.schedule(step)
    step = chunk_end(first, config, run.method, run.stepper.most_steps(stage))
    is_last = step == config.num_steps
    is_phase_end = run.method.schedule(step).phase != stage.phase
    is_scored = is_phase_end or _is_due(step, config.evaluate_every)
    is_logged = is_scored or is_last or _is_due(step, config.log_every)
    if is_logged:
      # Otherwise earlier work would count in the time of these steps.
      jax.block_until_ready(groups)
    # Take the steps.
    groups, outcomes, seconds = run.stepper.take(
      groups, first, step, stage, is_logged
    )
    is_stopped = run.stop.received is not None
    is_saved = is_stopped or is_last or _is_due(step, config.checkpoint_every)
    # Check, log, score and save.
    if is_logged or is_saved:
      for group, outcome in zip(groups, outcomes):
        check_finite(jax.device_get(outcome.metrics.loss), group)
    if is_logged:
      entries = log_entries(
        step, stage, run.spread.join(outcomes), seconds, run.method
      )
      if is_scored:
        by_group = [
          run.sample_scores(group.params, stage.discrete) for group in groups
        ]
        sample_scores = itertools.chain(*by_group)
        entries = [a | b for a, b in zip(entries, sample_scores)]
      run.replicas.log(entries)
    if is_saved:
      run.replicas.save(run.spread.join(groups))
    if is_stopped:
      break
  return run.spread.join(groups)


def chunk_end(
  first: int, config: ml_collections.ConfigDict, method: Method, most: int
) -> int:
  """Returns the step at which a call that starts at `first` must end.

  That is the next step that is logged, scored, saved or the last, the end of a
  stage, or `most` steps later.
  """
  periods = (config.log_every, config.evaluate_every, config.checkpoint_every)
  ends = [(first // period + 1) * period for period in periods if period]
  end = min(*ends, first + most, config.num_steps)
  stage = method.schedule(first)
  for step in range(first + 1, end):
    if not _is_same(method.schedule(step), stage):
      return step
  return end


def _is_same(stage: Stage, other: Stage) -> bool:
  if (stage.phase, stage.discrete) != (other.phase, other.discrete):
    return False
  if stage.kl_weights is None or other.kl_weights is None:
    return stage.kl_weights is other.kl_weights
  return np.array_equal(stage.kl_weights, other.kl_weights)


def _is_due(step: int, period: int) -> bool:
  return bool(period) and step % period == 0


def log_entries(
  step: int,
  stage: Stage,
  outcomes: list[StepOutcome],
  seconds: Seconds,
  method: Method,
) -> list[dict]:
  """Returns a line of metrics.jsonl for each replica."""
  weights = stage.kl_weights
  entry = {
    "step": step,
    "phase": stage.phase,
    "open_dimensions": stage.open_dimensions,
    "discrete": stage.discrete,
    "kl_weights": None if weights is None else weights.tolist(),
    "seconds_score": seconds.forward,
    "seconds_solve": seconds.solve,
    "seconds_update": seconds.update,
  }
  entry = {key: value for key, value in entry.items() if value is not None}
  entries = [_replica_entry(one, method, entry.keys()) for one in outcomes]
  return [entry | of_replica for of_replica in entries]


def _replica_entry(
  outcome: StepOutcome, method: Method, reserved: Collection[str]
) -> dict:
  """Returns what only one replica's line says.

  Args:
    outcome: of the replica.
    method: of the run.
    reserved: keys that the line has already.
  """
  entry = outcome.metrics._asdict()
  terms = entry.pop("terms")
  if taken := (entry.keys() | reserved) & terms.keys():
    raise UserError(
      f"LossParts.terms has names that the log uses itself, {sorted(taken)}; "
      "rename these terms"
    )
  entry |= terms
  if outcome.codes is not None:
    entry["flow_differs"] = outcome.codes.flow_differs
    entry["gap_counts"] = outcome.codes.gap_counts
    ends = np.cumsum(method.num_categories)[:-1]
    counts = np.split(outcome.codes.counts, ends)
    names = [f"counts_{d + 1}" for d in range(len(counts))]
    entry |= zip(names if len(counts) > 1 else ["counts"], counts)
  return {key: x.tolist() for key, x in entry.items() if x is not None}
