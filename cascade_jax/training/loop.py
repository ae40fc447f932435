"""The loop over a run's steps: when to log, to score, to save and to stop."""

import itertools
import os

import jax
import ml_collections
import numpy as np
from absl import logging

from cascade_jax import config as config_lib
from cascade_jax import data, methods, startup
from cascade_jax.errors import UserError
from cascade_jax.evaluation import scores
from cascade_jax.runs import workdir
from cascade_jax.runs.stop_signal import StopSignal
from cascade_jax.sharding import spread
from cascade_jax.training import replicas
from cascade_jax.training.stepper import Seconds, Stepper, check_finite
from cascade_jax.training.steps import Outcome
from cascade_jax.types import Method, Stage, TrainState


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
    The state after `config.num_steps` updates; those of several replicas
    stacked on a leading axis.

  Raises:
    UserError: a config that can't be run, or a folder with another one.
    UserError: another process is running in the folder.
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
    over = spread(config.num_replicas)
    # In the place of the host's images: two copies would be 754 MB.
    dataset = dataset._replace(images=over.share(dataset.images))
    stepper = Stepper(config, method, dataset, over)
    # Last, so that a config that can't be run doesn't claim the folder.
    with replicas.claim(folder, config) as held, StopSignal() as stop:
      fresh = replicas.initial_states(config, method)
      states = held.restore(fresh)
      held.start(int(states[0].step))
      score = scores.compile_sample_scores(
        method, dataset, over, config.evaluate_every_images
      )
      states = _loop(config, method, stepper, over, score, states, held, stop)
  done = int(states[0].step)
  if done < config.num_steps:
    name = stop.received.name
    logging.warning(
      "%s: saved step %d; run the same command to go on", name, done
    )
    raise SystemExit(128 + stop.received)
  if config.num_replicas == 1:
    return states[0]
  return jax.tree.map(lambda *leaves: np.stack(leaves), *states)


def _loop(
  config, method, stepper, over, score, states, held, stop
) -> list[TrainState]:
  """From the replicas' states to their last ones, or those at a stop."""
  step, groups = int(states[0].step), over.split(states)
  while step < config.num_steps:
    first, stage = step, method.stage(step)
    step = chunk_end(first, config, method, stepper.most_steps(stage))
    is_last = step == config.num_steps
    is_phase_end = method.stage(step).phase != stage.phase
    is_scored = is_phase_end or _is_due(step, config.evaluate_every)
    is_logged = is_scored or is_last or _is_due(step, config.log_every)
    if is_logged:
      jax.block_until_ready(groups)  # or these steps would be charged for it
    groups, outcomes, seconds = stepper.take(
      groups, first, step, stage, is_logged
    )
    is_stopped = stop.received is not None
    is_saved = is_stopped or is_last or _is_due(step, config.checkpoint_every)
    if is_logged or is_saved:
      for group, outcome in zip(groups, outcomes):
        check_finite(jax.device_get(outcome.report.loss), group)
    if is_logged:
      records = _records(step, stage, over.join(outcomes), seconds, method)
      if is_scored:
        found = [score(group.params, stage.discrete) for group in groups]
        records = [a | b for a, b in zip(records, itertools.chain(*found))]
      held.log(records)
    if is_saved:
      held.save(over.join(groups))
    if is_stopped:
      break
  return over.join(groups)


def chunk_end(
  first: int, config: ml_collections.ConfigDict, method: Method, most: int
) -> int:
  """Where the steps from `first` on have to end that are taken in one call.

  At the next step that is logged, scored, saved or the last, at the end of a
  stage, and after `most` steps.
  """
  periods = (config.log_every, config.evaluate_every, config.checkpoint_every)
  ends = [(first // period + 1) * period for period in periods if period]
  end = min(*ends, first + most, config.num_steps)
  stage = method.stage(first)
  for step in range(first + 1, end):
    if not _is_same(method.stage(step), stage):
      return step
  return end


def _is_same(stage: Stage, other: Stage) -> bool:
  return stage.phase == other.phase and (
    stage.discrete == other.discrete
    and (stage.kl_weights == other.kl_weights).all()
  )


def _is_due(step: int, period: int) -> bool:
  return bool(period) and step % period == 0


def _records(
  step: int,
  stage: Stage,
  outcomes: list[Outcome],
  seconds: Seconds,
  method: Method,
) -> list[dict]:
  """A line of metrics.jsonl for each replica."""
  of_all = {
    "step": step,
    "phase": stage.phase,
    "open_dimensions": stage.open_dimensions,
    "discrete": stage.discrete,
    "kl_weights": stage.kl_weights.tolist(),
    "seconds_score": seconds.score,
    "seconds_solve": seconds.solve,
    "seconds_update": seconds.update,
  }
  return [of_all | _record(one, method.num_categories) for one in outcomes]


def _record(outcome: Outcome, num_categories: tuple[int, ...]) -> dict:
  """What only one replica's line says."""
  found = outcome.report._asdict()
  terms = found.pop("terms")
  if taken := found.keys() & terms.keys():
    raise UserError(f"a method's terms can't be called {sorted(taken)}")
  found |= terms
  if outcome.chosen is not None:
    found["flow_differs"] = outcome.chosen.flow_differs
    found["gap_counts"] = outcome.chosen.gap_counts
    ends = np.cumsum(num_categories)[:-1]
    each = np.split(outcome.chosen.counts, ends)
    names = [f"counts_{d + 1}" for d in range(len(each))]
    found |= zip(names if len(each) > 1 else ["counts"], each)
  return {key: x.tolist() for key, x in found.items() if x is not None}
