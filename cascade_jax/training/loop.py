"""The loop over a run's steps: when to log, to score, to save and to stop."""

import contextlib
import functools
import importlib.metadata
import json
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import ml_collections
import numpy as np
from absl import logging

from cascade_jax import config as config_lib
from cascade_jax import data, hosts, methods, profiling, sharding, startup
from cascade_jax.activity import activity
from cascade_jax.evaluation import scores
from cascade_jax.methods import Method
from cascade_jax.runs import workdir
from cascade_jax.runs.dataset_record import record_of
from cascade_jax.runs.stop_signal import StopSignal
from cascade_jax.training import replicas as replicas_lib
from cascade_jax.training.between_steps import BetweenSteps
from cascade_jax.training.chunks import chunk_end
from cascade_jax.training.log_entries import log_entries
from cascade_jax.training.no_files import NoFiles
from cascade_jax.training.replicas import Replicas
from cascade_jax.training.sample import Sample
from cascade_jax.training.stepper import (
  Stepper,
  check_finite,
  device_dataset,
)
from cascade_jax.training.teacher import Teacher, agreement, teacher_of
from cascade_jax.types import TrainState


class _Run(NamedTuple):
  """The parts of a run that the loop works with."""

  config: ml_collections.ConfigDict
  method: Method
  spread: sharding.Spread
  stepper: Stepper
  between_steps: BetweenSteps
  sample_scores: Callable[[list[TrainState], bool], list[dict]]
  replicas: Replicas | NoFiles  # their files
  profile: profiling.Profile
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
  with contextlib.ExitStack() as claims:
    with hosts.together():
      if hosts.is_first():
        path = claims.enter_context(workdir.claim(folder))
      else:
        path = pathlib.Path(folder)
      dataset = dataset or data.load(**config.data)
      config_lib.check_against_data(
        config, len(dataset.images), dataset.image_shape
      )
      method = methods.build(config, dataset.image_shape)
      spread = sharding.spread(
        config.num_replicas, config.num_devices, jax.devices()
      )
      on_device = device_dataset(dataset, method, spread)
      # Last, so that a config that cannot be run does not claim the folder.
      replicas = claims.enter_context(replicas_lib.claim(path, config))
      profile = claims.enter_context(_profile(config, path))
      stop = claims.enter_context(StopSignal())
      replicas.record_dataset(dataset)
      states = replicas.restore(replicas_lib.initial_states(config, method))
    if hosts.count() > 1:
      hosts.check_equal(_what_processes_share(config, dataset))
      states = hosts.from_first(states)
    replicas.start(int(states[0].step))
    with hosts.connected():
      states = _loop(
        _run(
          config, method, dataset, on_device, spread, replicas, profile, stop
        ),
        states,
      )
  if stop.received is not None:
    logging.warning(
      "interrupted by %s: step %d of %d is saved; run the same command to go "
      "on from there",
      stop.received.name,
      states[0].step,
      config.num_steps,
    )
    hosts.leave()
    raise SystemExit(128 + stop.received)
  if config.num_replicas == 1:
    return states[0]
  return jax.tree.map(lambda *leaves: np.stack(leaves), *states)


def _run(
  config: ml_collections.ConfigDict,
  method: Method,
  dataset: data.Dataset,
  on_device: data.DeviceDataset | data.StreamedDataset,
  spread: sharding.Spread,
  replicas: Replicas | NoFiles,
  profile: profiling.Profile,
  stop: StopSignal,
) -> _Run:
  """Returns the parts of a run, of which these are the first ones."""
  teacher = teacher_of(method, dataset)
  stepper = Stepper(config, method, on_device, spread, teacher)
  sample = Sample(config, method, on_device, spread)
  return _Run(
    config,
    method,
    spread,
    stepper,
    BetweenSteps(config, method, spread, stepper, sample),
    functools.partial(
      _sample_scores, replicas_lib.seeds(config), dataset, sample, teacher
    ),
    replicas,
    profile,
    stop,
  )


def _profile(
  config: ml_collections.ConfigDict, folder: pathlib.Path
) -> profiling.Profile:
  """Returns the profile that the config asks for, of the first process only."""
  steps = profiling.steps(config.profile_steps, config.num_steps)
  steps = steps if hosts.is_first() else range(0)
  return profiling.Profile(steps, folder / "profile")


def _what_processes_share(
  config: ml_collections.ConfigDict, dataset: data.Dataset
) -> dict[str, object]:
  """Returns what must be the same in all processes of a run, by its name."""
  settings = config_lib.flat(json.loads(config.to_json()))
  return {
    **{f"config.{key}": value for key, value in settings},
    "the digest of the images": record_of(dataset).images_digest,
    "the version of jax": jax.__version__,
    "the version of cascade_jax": importlib.metadata.version("cascade_jax"),
  }


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
    groups = run.between_steps.before(first, groups)
    with run.profile.call(first, groups):
      groups, outcomes, seconds = run.stepper.take(
        groups, first, step, stage, is_logged
      )
    run.profile.end(step, groups)
    run.replicas.wait(step)
    is_stopped = run.stop.asked(is_logged)
    is_saved = is_stopped or is_last or _is_due(step, config.checkpoint_every)
    # Check, log, score and save.
    if is_logged or is_saved:
      for group, outcome in zip(groups, outcomes):
        check_finite(sharding.fetched(outcome.metrics.loss), group)
    if is_logged:
      entries = log_entries(
        step, stage, run.spread.join(outcomes), seconds, run.method
      )
      if is_scored:
        of_replicas = run.sample_scores(groups, stage.discrete)
        entries = [a | b for a, b in zip(entries, of_replicas)]
      run.replicas.log(entries)
    if is_saved:
      run.replicas.save(run.spread.join(groups))
    if is_stopped:
      break
  return run.spread.join(groups)


def _sample_scores(
  seeds: Sequence[int],
  dataset: data.Dataset,
  sample: Sample,
  teacher: Teacher | None,
  groups: list[TrainState],
  discrete: bool,
) -> list[dict]:
  """Returns what the log says of each replica's model, judged by the sample."""
  with activity(f"scoring a sample of {len(sample.indices)} images"):
    representations = sample.representations(groups, discrete)
    return [
      scores.sample_scores(representation, dataset, sample.indices)
      | agreement(teacher, sample.indices, seed, representation)
      for seed, representation in zip(seeds, representations)
    ]


def _is_due(step: int, period: int) -> bool:
  return bool(period) and step % period == 0
