"""A disk that can't be written to, from the start or from some moment on."""

from tests.faults import run
from tests.faults import scene as scenes
from tests.faults.attempts import attempt
from tests.faults.events import Watch, read_only
from tests.faults.interruption import interrupted, moments
from tests.faults.outcomes import LOST, Outcome, judged
from tests.faults.small_disk import mounted


def outcomes(scene, rng, is_long):
  """Yields the outcome of each time."""
  fault = "read-only disk (EROFS injected)"
  for task, count in (
    (scenes.TRAINING, 8 if is_long else 1),
    (scenes.EVALUATION, 3 if is_long else 0),
    (scenes.REPORT, 3 if is_long else 0),
  ):
    for k in moments(scene, task, rng, count):
      yield interrupted(scene, task, fault, Watch(k, read_only))
  with mounted(scene.folder / "read_only") as disk:
    if disk and is_long:
      yield from _mounted(scene, disk)


def _mounted(scene, disk):
  """Yields the outcome of each command on a disk that is mounted read-only."""
  for task, name in (
    (scenes.RESUMING, "training"),
    (scenes.EVALUATION, "an evaluation"),
    (scenes.REPORT, "a report"),
    (scenes.EXPLORING, "an evaluation"),
    (scenes.Task(run.load_model, "complete", run.pages, "complete"), "load"),
  ):
    folder = scene.copy(task.base, disk.folder)
    disk.make("ro")
    first = attempt(task.function, folder)
    disk.make("rw")
    again = attempt(task.function, folder)
    if first.ending == "done" and name != "load":
      yield Outcome("read-only disk", name, LOST, "it was not refused")
    else:
      differing = scene.differences(folder, task)
      yield judged(
        "read-only disk", name, [first, again], differing, (str(folder),)
      )
    scene.remove(folder)
