"""The undisturbed runs, copies of which the faults are tried on."""

import functools
import itertools
import pathlib
import shutil
from collections.abc import Callable
from typing import NamedTuple

from cascade_jax.errors import UserError
from tests.faults import run


class Task(NamedTuple):
  """Something that a user does with a run.

  Attributes:
    function: of the folder.
    base: the attribute of `Scene` that it is done to; "" for a new folder.
    outcome: what it comes to, of the folder; compared with that of `like`.
    like: the attribute of `Scene` that it must come to.
  """

  function: Callable
  base: str
  outcome: Callable
  like: str


TRAINING = Task(run.train, "", run.results, "whole")
RESUMING = Task(run.train, "stopped", run.results, "whole")
EVALUATION = Task(run.evaluate_run, "whole", run.results, "whole")
REPORT = Task(run.write_report, "complete", run.pages, "complete")
EXPLORING = Task(run.train_and_explore, "complete", run.pages, "complete")


class Scene:
  """Undisturbed runs, each made when it is first asked for.

  Args:
    folder: an empty one, to work in.
    method: of the run with all files that there are.
  """

  def __init__(self, folder, method):
    self.folder = pathlib.Path(folder).resolve()
    self._method = method
    self._numbers = itertools.count()

  def copy(self, base, parent=None):
    """Returns the path of a copy; of a folder yet to be made without a base."""
    parent = parent or self.folder / f"{next(self._numbers)}"
    parent.mkdir(exist_ok=True)
    # Of one name, since a report shows it.
    folder = parent / "run"
    if base:
      shutil.copytree(getattr(self, base), folder)
    return folder

  def remove(self, folder):
    """Removes a copy, which may be gone in part."""
    shutil.rmtree(folder)

  def differences(self, folder, task):
    """Returns what differs from the undisturbed run, half files included."""
    halves = [*folder.rglob("*.partial"), *folder.rglob("*checkpoint-tmp*")]
    try:
      found = task.outcome(folder)
    except UserError as error:
      return [str(error)]
    differing = run.differences(found, self.expected(task))
    return [*(path.name for path in halves), *differing]

  @functools.cache  # noqa: B019 a scene lives as long as the process
  def expected(self, task):
    return task.outcome(getattr(self, task.like))

  @functools.cached_property
  def whole(self):
    """A finished run of the linear VAE."""
    run.train(folder := self.copy(""))
    return folder

  @functools.cached_property
  def stopped(self):
    """The same, stopped at step 7, with checkpoints of steps 6 and 7."""
    run.stop(folder := self.copy(""), 7)
    return folder

  @functools.cached_property
  def complete(self):
    """A finished run with all files that there are."""
    run.complete(folder := self.copy(""), self._method)
    return folder

  @functools.cached_property
  def replicas(self):
    """A finished run of two replicas."""
    run.train(folder := self.copy(""), 2)
    return folder

  @functools.cached_property
  def stopped_replicas(self):
    """The same, stopped at step 7."""
    run.stop(folder := self.copy(""), 7, 2)
    return folder

  @functools.cached_property
  def young_replicas(self):
    """The same, stopped when each has saved its first checkpoint."""
    run.stop(folder := self.copy(""), 3, 2)
    return folder
