"""The loop: the only place where host and device alternate.

Each step: indices from (seed, step), unary costs on the device, the flow on
the host, the update on the device. It knows no method by name.
"""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import ml_collections
import numpy as np
from absl import logging

from cascade_jax import config as config_lib
from cascade_jax import data, methods, startup, workdir
from cascade_jax.assignment import assign_codes
from cascade_jax.checkpoints import Checkpoints
from cascade_jax.records import Method, Report, Scores, Stage, TrainState
from cascade_jax.run_log import RunLog
from cascade_jax.stop_signal import StopSignal


class Steps(NamedTuple):
  """The two compiled functions of a step; images are found by index."""

  score: Callable[..., Scores]  # state, images, indices, discrete
  update: Callable[..., tuple[TrainState, Report]]
  # update: state, images, indices, scores, categories, KL weights


class StepRecord(NamedTuple):
  """What the host learns of one step, for the log."""

  counts: np.ndarray  # [S] zeros while the code is off
  flow_differs: float  # share of the batch off its plain argmin
  seconds: tuple[float, float, float]  # encode and score, solve, update


def compile_steps(method: Method, dataset: data.Dataset) -> Steps:
  """Compiles a method's step: once each with the code and without."""

  def gather(images, indices):
    return data.unpack(images[indices], dataset.image_shape, dataset.bits)

  def score(state, images, indices, discrete):
    return method.score(state, gather(images, indices), discrete)

  def update(state, images, indices, *args):
    return method.update(state, gather(images, indices), *args)

  return Steps(
    jax.jit(score, static_argnames="discrete"),
    jax.jit(update, donate_argnames="state"),
  )


def take_step(
  steps: Steps,
  state: TrainState,
  images: jax.Array,
  indices: np.ndarray,
  stage: Stage,
  config: ml_collections.ConfigDict,
  wait: bool = True,
) -> tuple[TrainState, Report, StepRecord]:
  """Encode, score, solve, update.

  Args:
    steps: from `compile_steps`.
    state: consumed.
    images: the whole data set, packed, on the device.
    indices: `[B]`, this batch.
    stage: what the schedule says about this step.
    config: of the run.
    wait: for the update to end, so that its seconds are right; otherwise the
      device goes on while the host prepares the next step.
  """
  indices = jax.device_put(indices.astype(np.int32))
  started = time.perf_counter()
  scored = solved = started
  categories = np.full(len(indices), -1, np.int32)  # a zero code
  counts, flow_differs = np.zeros(config.num_categories, np.int64), 0.0
  scores = steps.score(state, images, indices, stage.discrete)
  if stage.discrete:
    costs = jax.device_get(scores.costs)
    scored = time.perf_counter()
    assignment = assign_codes(costs, config.pairwise_weight)
    solved = time.perf_counter()
    categories = assignment.categories.astype(np.int32)
    counts = assignment.counts
    flow_differs = float((categories != costs.argmin(axis=1)).mean())
  state, report = steps.update(
    state,
    images,
    indices,
    scores,
    jax.device_put(categories),
    jax.device_put(stage.kl_weights),
  )
  if wait:
    jax.block_until_ready(state)
  seconds = (scored - started, solved - scored, time.perf_counter() - solved)
  return state, report, StepRecord(counts, flow_differs, seconds)


def train(
  config: ml_collections.ConfigDict,
  folder: str | os.PathLike,
  dataset: data.Dataset | None = None,
) -> TrainState:
  """Trains, or goes on where the folder's run stopped, bit for bit.

  Args:
    config: see `cascade_jax.config.default`.
    folder: the run's folder; made where it doesn't exist.
    dataset: instead of the one that the config names.

  Returns:
    The state after `config.num_steps` updates.

  Raises:
    ValueError: a config that can't be run, or a folder with another one.
    RuntimeError: another process is running in the folder.
    FloatingPointError: the loss became NaN or infinite.
    SystemExit: after SIGTERM or Ctrl-C, with the state saved.
  """
  startup.check_cpu_sums()
  config_lib.check(config)
  with workdir.claim(folder) as folder:
    dataset = dataset or data.load(**config.data)
    config_lib.check_against_data(config, len(dataset.images))
    method = methods.build(config, dataset.image_shape)
    # Last, so that a config that can't be run doesn't claim the folder.
    workdir.record_config(folder, config)
    checkpoints = Checkpoints(folder / "checkpoints", config.keep_checkpoints)
    try:
      return _run(config, folder, dataset, method, checkpoints)
    finally:
      checkpoints.close()


def _run(config, folder, dataset, method, checkpoints) -> TrainState:
  fresh = method.init(config.seed)
  state = checkpoints.restore(fresh) or fresh
  first_step = int(state.step)
  checkpoints.discard_after(first_step)
  workdir.record_start(folder, first_step)
  logging.info("training from step %d in %s", first_step, folder)
  log = RunLog(folder, first_step, config.num_steps, config.tensorboard)
  try:
    with StopSignal() as stop:
      return _loop(config, dataset, method, state, checkpoints, log, stop)
  finally:
    log.close()


def _loop(config, dataset, method, state, checkpoints, log, stop) -> TrainState:
  steps = compile_steps(method, dataset)
  images = jax.device_put(dataset.images)
  for step in range(int(state.step), config.num_steps):
    done, is_last = step + 1, step + 1 == config.num_steps
    is_logged = done % config.log_every == 0 or is_last
    if is_logged:
      jax.block_until_ready(state)  # or scoring would be charged for it
    indices = data.batch_indices(
      len(dataset.images), config.batch_size, config.seed, step
    )
    stage = method.stage(step)
    state, report, record = take_step(
      steps, state, images, indices, stage, config, wait=is_logged
    )
    if is_logged:
      log.write(_log_record(done, stage, report, record))
    if done % config.checkpoint_every == 0 or is_last or stop.received:
      _check_finite(done, report)
      checkpoints.save(state)
    if stop.received and not is_last:
      log.close()
      logging.warning(
        "%s: saved step %d; run the same command to go on",
        stop.received.name,
        done,
      )
      raise SystemExit(128 + stop.received)
  return state


def _log_record(
  step: int, stage: Stage, report: Report, record: StepRecord
) -> dict:
  """One line of metrics.jsonl; NaN and infinity raise instead."""
  _check_finite(step, report)
  score, solve, update = record.seconds
  return {
    "step": step,
    "phase": stage.phase,
    "open_dimensions": stage.open_dimensions,
    "discrete": stage.discrete,
    **{key: value.tolist() for key, value in report._asdict().items()},
    "kl_weights": stage.kl_weights.tolist(),
    "counts": record.counts.tolist(),
    "flow_differs": record.flow_differs,
    "seconds_score": score,
    "seconds_solve": solve,
    "seconds_update": update,
  }


def _check_finite(step: int, report: Report) -> None:
  if not np.isfinite(report.loss):
    raise FloatingPointError(
      f"the loss is {report.loss} at step {step}: training has diverged. Try "
      "a lower learning_rate in a new workdir; the last checkpoint is from "
      "before."
    )
