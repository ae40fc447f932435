"""A run's replicas, one seed each: their first states and their folders.

A run of one replica has its files in the workdir itself. One of several has a
folder `seed_3` for seed 3 and so on, each of which is an ordinary run's: it
can be evaluated, reported and gone on with alone.
"""

import contextlib
import pathlib
from collections.abc import Iterator

import jax
import ml_collections
from absl import logging

from cascade_jax.errors import UserError
from cascade_jax.runs import workdir
from cascade_jax.runs.checkpoints import Checkpoints
from cascade_jax.runs.progress import Progress
from cascade_jax.runs.run_log import RunLog
from cascade_jax.types import Method, TrainState


def seeds(config: ml_collections.ConfigDict) -> range:
  """The replicas' seeds."""
  return range(config.seed, config.seed + config.num_replicas)


def initial_states(
  config: ml_collections.ConfigDict, method: Method
) -> list[TrainState]:
  """Each replica's state before the first step, by its seed."""
  init = jax.jit(method.init)
  return [init(seed) for seed in seeds(config)]


def folders(
  folder: pathlib.Path, config: ml_collections.ConfigDict
) -> list[pathlib.Path]:
  """Where each replica of the run in `folder` has its files."""
  if config.num_replicas == 1:
    return [folder]
  return [folder / f"seed_{seed}" for seed in seeds(config)]


@contextlib.contextmanager
def claim(
  folder: pathlib.Path, config: ml_collections.ConfigDict
) -> Iterator["Replicas"]:
  """Records the config of the run in `folder`, and holds its replicas'.

  Args:
    folder: of the run, claimed already.
    config: of the run.

  Raises:
    UserError: the folder, or a replica's, holds another run.
    UserError: another process is running in a replica's folder.
  """
  workdir.record_config(folder, config)
  with contextlib.ExitStack() as held:
    of_each = folders(folder, config)
    if len(of_each) > 1:
      for seed, of_one in zip(seeds(config), of_each):
        held.enter_context(workdir.claim(of_one))
        alone = config.copy_and_resolve_references()
        alone.seed, alone.num_replicas = seed, 1
        workdir.record_config(of_one, alone)
    replicas = Replicas(folder, of_each, config)
    held.callback(replicas.close)
    yield replicas


class Replicas:
  """The checkpoints and logs of all replicas, read and written together."""

  def __init__(self, folder, of_each, config):
    self._folder = folder
    self._folders = of_each
    self._config = config
    self._checkpoints = [
      Checkpoints(of_one / "checkpoints", config.keep_checkpoints)
      for of_one in of_each
    ]
    self._shown = []

  def restore(self, fresh: list[TrainState]) -> list[TrainState]:
    """The newest states that are whole at one step in EVERY replica.

    Args:
      fresh: states to start with, where there is nothing to go on from.

    Raises:
      UserError: there are checkpoints, but none that will do.
    """
    each = list(zip(self._checkpoints, fresh))
    states = [one.restore(like) for one, like in each]
    while all(state is not None for state in states):
      steps = {int(state.step) for state in states}
      if len(steps) == 1:
        return states
      # A kill came between two saves, or a checkpoint is damaged.
      states = [one.restore(like, min(steps)) for one, like in each]
    if any(len(one.steps) > 1 for one in self._checkpoints):
      there = "; ".join(
        f"{folder.name} has {one.steps or 'none'}"
        for folder, one in zip(self._folders, self._checkpoints)
      )
      raise UserError(
        f"the replicas in {self._folder} have no checkpoint of the same step: "
        f"{there}. Put back what is missing, or use another workdir."
      )
    return fresh  # nothing yet, or killed before each had saved once

  def start(self, step: int) -> None:
    """Opens the logs, to go on after `step`; later checkpoints are deleted."""
    config = self._config
    for checkpoints, folder in zip(self._checkpoints, self._folders):
      checkpoints.discard_after(step)
      workdir.record_start(folder, step)
    logging.info("training from step %d in %s", step, self._folder)
    self._logs = [
      RunLog(folder, step, config.tensorboard) for folder in self._folders
    ]
    self._progress = Progress(step, config.num_steps, config.num_replicas)
    self._shown = [*self._logs, self._progress]

  def log(self, records: list[dict]) -> None:
    """Writes a record a replica, and shows the first."""
    written = [log.write(record) for log, record in zip(self._logs, records)]
    self._progress.show(written[0])

  def save(self, states: list[TrainState]) -> None:
    """Saves a state a replica."""
    for checkpoints, state in zip(self._checkpoints, states):
      checkpoints.save(state)

  def close(self) -> None:
    """Closes the logs and releases Orbax's threads."""
    for part in [*self._shown, *self._checkpoints]:
      part.close()
