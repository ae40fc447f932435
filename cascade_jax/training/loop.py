"""The loop over a run's steps: when to log, to score, to save and to stop."""

import functools
import itertools
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import ml_collections
import numpy as np
from absl import logging

from cascade_jax import config as config_lib
from cascade_jax import data, methods, sharding, startup
from cascade_jax.evaluation import scores
from cascade_jax.evaluation.represent import compile_represent
from cascade_jax.methods import Method
from cascade_jax.runs import workdir
from cascade_jax.runs.stop_signal import StopSignal
from cascade_jax.training import replicas as replicas_lib
from cascade_jax.training.log_entries import log_entries
from cascade_jax.training.replicas import Replicas
from cascade_jax.training.stepper import (
  Stepper,
  check_finite,
  device_dataset,
)
from cascade_jax.training.teacher import agreement, teacher_of
from cascade_jax.types import Representation, Stage, TrainState


class _Run(NamedTuple):
  """The parts of a run that the loop works with."""

  config: ml_collections.ConfigDict
  method: Method
  spread: sharding.Spread
  stepper: Stepper
  represent: Callable[[Any, bool], list[Representation[np.ndarray]]]
  score: Callable[[Representation[np.ndarray]], dict]
  agreement: Callable[[int, Representation[np.ndarray]], dict]
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
    teacher = teacher_of(method, dataset)
    stepper = Stepper(config, method, on_device, spread, teacher)
    sample = scores.sample_during_training(
      len(on_device), config.evaluate_every_images
    )
    represent = functools.partial(
      represent_each, compile_represent(method, on_device, spread), sample
    )
    score = functools.partial(
      scores.sample_scores, dataset=dataset, indices=sample
    )
    # Last, so that a config that cannot be run does not claim the folder.
    with replicas_lib.claim(folder, config) as replicas, StopSignal() as stop:
      states = replicas.restore(replicas_lib.initial_states(config, method))
      replicas.start(int(states[0].step))
      states = _loop(
        _Run(
          config,
          method,
          spread,
          stepper,
          represent,
          score,
          functools.partial(agreement, teacher, sample),
          replicas,
          stop,
        ),
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
    if first in run.method.transitions:
      groups = _changed(run, groups, first)
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
        representations = _representations(run, groups, stage.discrete)
        seeds = replicas_lib.seeds(config)
        entries = [
          entry
          | run.score(representation)
          | run.agreement(seed, representation)
          for entry, seed, representation in zip(
            entries, seeds, representations
          )
        ]
      run.replicas.log(entries)
    if is_saved:
      run.replicas.save(run.spread.join(groups))
    if is_stopped:
      break
  return run.spread.join(groups)


def _representations(
  run: _Run, groups: list[TrainState], discrete: bool
) -> list[Representation[np.ndarray]]:
  """Returns the representation of the sample by each replica."""
  by_group = [run.represent(group.params, discrete) for group in groups]
  return list(itertools.chain(*by_group))


def _changed(
  run: _Run, groups: list[TrainState], step: int
) -> list[TrainState]:
  """Returns the states after the method's transition before a step."""
  discrete = run.method.schedule(step).discrete
  representations = _representations(run, groups, discrete)
  transition = run.method.transitions[step]
  states = map(transition, run.spread.join(groups), representations)
  return run.spread.split(list(states))


def represent_each(
  represent: Callable[..., Representation[np.ndarray]],
  indices: np.ndarray,
  params: Any,
  discrete: bool,
) -> list[Representation[np.ndarray]]:
  """Returns what each of the replicas infers from the same images.

  Args:
    represent: compiled by `compile_represent`.
    indices: of the images.
    params: of the replicas, stacked.
    discrete: whether the code is in use.
  """
  stacked = represent(params, indices, discrete)
  return [Representation(*arrays) for arrays in zip(*stacked)]


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
