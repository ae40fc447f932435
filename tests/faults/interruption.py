"""A task that a fault interrupts, and that is then given again."""

import functools
import itertools

from cascade_jax.errors import UserError
from cascade_jax.runs import reach
from tests.faults import outcomes
from tests.faults.attempts import Child, attempt
from tests.faults.events import Watch


@functools.cache
def events(scene, task):
  """Returns the file events of an undisturbed task."""
  folder = scene.copy(task.base)
  child = Child(task.function, folder, Watch())
  assert child.ended().ending == "done"
  scene.remove(folder.parent)
  return child.events


def moments(scene, task, rng, count):
  """Returns so many numbers of a task's file events, spread over all."""
  number = len(events(scene, task)) if count else 0
  edges = [number * k // max(count, 1) for k in range(count + 1)]
  return [
    int(rng.integers(start, max(end, start + 1)))
    for start, end in itertools.pairwise(edges)
  ]


def interrupted(
  scene, task, fault, prepare, *, where="", seconds=None, disk=None
):
  """Does a task with a fault, and again without it.

  Args:
    scene: the undisturbed runs.
    task: to do.
    fault: its name.
    prepare: puts the fault into the child; None for none.
    where: the moment of the fault; "" if the child tells of it.
    seconds: after which the child is killed.
    disk: a small disk to work on, which the fault fills.

  Returns:
    The outcome; None if the task was done before the fault came.
  """
  folder = scene.copy(task.base, disk and disk.folder)
  child = Child(task.function, folder, prepare)
  if seconds is not None:
    child.process.join(seconds)
    child.process.kill()
  first = child.ended()
  if disk:
    disk.free()
  saved = _saved_step(folder)
  attempts, differing = [first], []
  if first.ending != "done":
    attempts.append(_again(task, folder))
  if attempts[-1].ending == "done":
    differing = scene.differences(folder, task)
    start = _first_step(attempts[-1])
    if len(attempts) == 2 and start is not None and start < saved:
      differing.append(f"begun at step {start}, though {saved} was saved")
  scene.remove(folder if disk else folder.parent)
  if first.ending == "done" and not differing:
    return None
  where = where or moment(child.events)
  return outcomes.judged(fault, where, attempts, differing, (str(folder),))


def _again(task, folder):
  """Gives the same command when nothing is wrong any more."""
  again = attempt(task.function, folder)
  if again.ending == "refused":
    return again._replace(ending="failed")
  return again


def moment(events):
  """Returns what the task was at, by the last event that it told of."""
  if not events:
    return "before any file"
  name = events[-1].name
  for part, words in (
    ("checkpoints", "a save"),
    ("metrics.jsonl", "the log"),
    ("evaluation", "an evaluation"),
    ("codes", "an evaluation"),
    ("explore.html", "an evaluation"),
    (".html", "a report"),
    (".png", "a report"),
    (".gif", "a report"),
  ):
    if part in name:
      return words
  return "the first files"


def _saved_step(folder):
  """Returns the step up to which a run said that it was saved."""
  try:
    return reach.read(folder).saved if folder.exists() else 0
  except UserError:
    return 0


def _first_step(attempt):
  """Returns the step from which a training went on; None for other tasks."""
  for line in attempt.told:
    if line.startswith("training from step "):
      return int(line.split()[3])
  return None
