"""The replicas of a run, one seed each: their first states and their folders.

A run of one replica has its files in the workdir itself. A run of several has
one folder for each seed, `seed_3` and so on. Each of these is an ordinary run's
folder: it can be evaluated, reported and resumed alone.
"""

import contextlib
import pathlib
from collections.abc import Iterator

import jax
import ml_collections
from absl import logging

from cascade_jax import config as config_lib
from cascade_jax import hosts, trackers
from cascade_jax.activity import activity
from cascade_jax.data import Dataset
from cascade_jax.errors import UserError
from cascade_jax.methods import Method
from cascade_jax.runs import log_file, reach, workdir
from cascade_jax.runs.checkpoints import Checkpoints, saved_steps
from cascade_jax.runs.dataset_record import record_dataset
from cascade_jax.runs.progress import Progress
from cascade_jax.runs.run_log import RunLog
from cascade_jax.training.no_files import NoFiles
from cascade_jax.types import TrainState


def seeds(config: ml_collections.ConfigDict) -> range:
  """Returns the seeds of the replicas."""
  return range(config.seed, config.seed + config.num_replicas)


def initial_states(
  config: ml_collections.ConfigDict, method: Method
) -> list[TrainState]:
  """Returns the state of each replica before the first step."""
  init = jax.jit(method.init)
  with activity("compiling and drawing the first weights"):
    return [init(seed) for seed in seeds(config)]


def folders(
  folder: pathlib.Path, config: ml_collections.ConfigDict
) -> list[pathlib.Path]:
  """Returns the folder of each replica of the run in `folder`."""
  if config.num_replicas == 1:
    return [folder]
  return [folder / f"seed_{seed}" for seed in seeds(config)]


@contextlib.contextmanager
def claim(
  folder: pathlib.Path, config: ml_collections.ConfigDict
) -> Iterator["Replicas | NoFiles"]:
  """Locks the folders of the replicas of the run in `folder`.

  Of several processes, the first has the files and the others have none.
  `Replicas.start` writes the first files, when nothing can be refused any more.

  Args:
    folder: of the run, which this process has claimed already.
    config: of the run.

  Raises:
    UserError: the folder, or a replica's, holds another or a longer run, or
      its log or run.json is damaged.
    UserError: another process is running in a replica's folder.
    UserError: the package of a tracker isn't installed.
  """
  if not hosts.is_first():
    yield NoFiles()
    return
  trackers.check_installed(config.trackers)
  configs = {folder: config}
  with contextlib.ExitStack() as locks:
    replica_folders = folders(folder, config)
    if len(replica_folders) > 1:
      for seed, replica_folder in zip(seeds(config), replica_folders):
        locks.enter_context(workdir.claim(replica_folder))
        alone = config.copy_and_resolve_references()
        alone.seed, alone.num_replicas = seed, 1
        configs[replica_folder] = alone
    for of_folder in configs.items():
      workdir.check_config(*of_folder)
    _check_length(replica_folders, config.num_steps)
    replicas = Replicas(folder, replica_folders, configs)
    locks.callback(replicas.close)
    yield replicas


def rebuild_logs(
  folder: pathlib.Path, config: ml_collections.ConfigDict
) -> None:
  """Does `log_file.rebuild` for each replica of the run in `folder`.

  Raises:
    UserError: another process is running in a replica's folder.
  """
  for replica_folder in folders(folder, config):
    if replica_folder.exists():
      with workdir.claim(replica_folder):
        log_file.rebuild(replica_folder)


def _check_length(replica_folders: list[pathlib.Path], num_steps: int) -> None:
  """Refuses fewer steps than a replica has taken already."""
  for folder in replica_folders:
    taken = max(saved_steps(folder / "checkpoints"), default=0)
    if taken > num_steps:
      raise UserError(
        f"config.num_steps is {num_steps}, but the run in {folder} has taken "
        f"{taken} steps; it must be {taken} or more, or use another --workdir"
      )


class Replicas:
  """The checkpoints and logs of all replicas, read and written together."""

  def __init__(
    self,
    folder: pathlib.Path,
    replica_folders: list[pathlib.Path],
    configs: dict[pathlib.Path, ml_collections.ConfigDict],
  ) -> None:
    config = configs[folder]
    self._folder = folder
    self._folders = replica_folders
    self._configs = configs
    self._reached = [reach.read(folder) for folder in replica_folders]
    self._checkpoints = [
      Checkpoints(replica_folder / "checkpoints", config.keep_checkpoints)
      for replica_folder in replica_folders
    ]
    self._logs: list[RunLog] = []
    self._trackers: list[trackers.Trackers] = []
    self._progress: Progress | None = None

  def record_dataset(self, dataset: Dataset) -> None:
    """Records which images these are, in the folder of each replica.

    Raises:
      UserError: a folder's run was trained on other images.
    """
    record_dataset(self._folders, dataset)

  def restore(self, fresh: list[TrainState]) -> list[TrainState]:
    """Returns the newest states that are whole at one step in EVERY replica.

    Args:
      fresh: states to start with, where there is nothing to resume from.

    Raises:
      UserError: there are checkpoints, but none that will do; or those that
        were saved are gone.
    """
    pairs = list(zip(self._checkpoints, fresh))
    with activity("looking for checkpoints", announced=False):
      states = [checkpoints.restore(like) for checkpoints, like in pairs]
    while len(whole := [x for x in states if x is not None]) == len(states):
      steps = {int(state.step) for state in whole}
      if len(steps) == 1:
        return whole
      # A kill came between two saves, or a checkpoint is damaged.
      states = [
        checkpoints.restore(like, min(steps)) for checkpoints, like in pairs
      ]
    saved = [checkpoints.steps for checkpoints in self._checkpoints]
    was_saved = any(reached.saved for reached in self._reached)
    if any(len(steps) > 1 or (steps and was_saved) for steps in saved):
      there = "; ".join(
        f"{folder.name} has {steps or 'none'}"
        for folder, steps in zip(self._folders, saved)
      )
      raise UserError(
        f"the replicas in {self._folder} have no checkpoint of the same step: "
        f"{there}. Put back what is missing, or use another workdir."
      )
    for replica_folder, reached in zip(self._folders, self._reached):
      reach.check_nothing_saved(replica_folder, reached)
    return fresh  # nothing is saved yet, or not by every replica

  def start(self, step: int) -> None:
    """Records the start, opens the logs, and deletes what is later than it."""
    config = self._configs[self._folder]
    for folder, reached in zip(self._folders, self._reached):
      reach.warn_of_losses(folder, reached, step)
    for of_folder in self._configs.items():
      workdir.record_config(*of_folder)
    for checkpoints, folder in zip(self._checkpoints, self._folders):
      checkpoints.discard_after(step)
      workdir.record_start(folder, step)
    logging.info("training from step %d in %s", step, self._folder)
    self._logs = [RunLog(folder, step) for folder in self._folders]
    for folder in self._folders:
      self._trackers.append(self._trackers_of(folder, step))
    self._progress = Progress(step, config.num_steps, config.num_replicas)

  def _trackers_of(self, folder: pathlib.Path, step: int) -> trackers.Trackers:
    """Opens the trackers of the replica in a folder."""
    config = self._configs[folder]
    settings = dict(config_lib.flat(config))
    run = trackers.TrackedRun(folder, self._folder, settings, step)
    return trackers.Trackers(config.trackers, run)

  def log(self, entries: list[dict]) -> None:
    """Writes one log entry for each replica, and shows the first."""
    written = [log.write(entry) for log, entry in zip(self._logs, entries)]
    for of_replica, entry in zip(self._trackers, written):
      of_replica.write(entry)
    assert self._progress is not None  # since `start`
    self._progress.show(written[0])

  def wait(self, step: int) -> None:
    """Shows the step that is reached, if nothing was shown for some time."""
    assert self._progress is not None  # since `start`
    self._progress.wait(step)

  def save(self, states: list[TrainState]) -> None:
    """Saves the state of each replica, after its log."""
    with activity("saving", announced=False):
      logged_steps = [log.sync() for log in self._logs]
      for checkpoints, state in zip(self._checkpoints, states):
        checkpoints.save(state)
      for folder, logged_step in zip(self._folders, logged_steps):
        reach.record(folder, int(states[0].step), logged_step)

  def close(self) -> None:
    """Closes the logs, the trackers and Orbax's threads, whatever fails."""
    files = [*self._checkpoints, self._progress, *self._logs]
    with contextlib.ExitStack() as parts:  # the trackers last: they may wait
      for part in [*self._trackers, *files]:
        if part is not None:
          parts.callback(part.close)
