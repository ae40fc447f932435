"""Two processes in the folder of one run."""

from tests.faults import run
from tests.faults import scene as scenes
from tests.faults.attempts import Attempt, Child, attempt
from tests.faults.events import Watch, hold
from tests.faults.interruption import moment, moments
from tests.faults.outcomes import judged

FAULT = "a second process"
_WORDS = ("another process is running in workdir",)


def outcomes(scene, rng, is_long):
  """Yields the outcome of each time."""
  for k in moments(scene, scenes.TRAINING, rng, 6 if is_long else 1):
    yield _beside(scene, max(k, 1))  # after the first one, the lock's
  for _ in range(3 if is_long else 0):
    yield _at_once(scene)


def _beside(scene, number):
  """Trains, evaluates and loads a run that another process is training."""
  folder = scene.copy("")
  child = Child(run.train, folder, Watch(number, hold))
  event = child.next_event()
  seconds = [attempt(task, folder) for task in (run.train, run.evaluate_run)]
  child.pipe.send("go on")
  first = child.ended()
  wrong = [
    Attempt("failed", f"a second process was not refused: {each}")
    for each in seconds
    if each.ending != "refused"
  ]
  differing = scene.differences(folder, scenes.TRAINING)
  scene.remove(folder.parent)
  where = moment([event])
  # An evaluation is refused for the want of a config, before it is written.
  words = (*_WORDS, "holds no run")
  return judged(FAULT, where, [first, *seconds, *wrong], differing, words)


def _at_once(scene):
  """Starts two trainings in one new folder at the same time."""
  folder = scene.copy("")
  children = [Child(run.train, folder) for _ in range(2)]
  ends = [child.ended() for child in children]
  again = attempt(run.train, folder)
  differing = scene.differences(folder, scenes.TRAINING)
  if all(each.ending == "refused" for each in ends):
    differing.append("both were refused")
  scene.remove(folder.parent)
  return judged(FAULT, "both at once", [*ends, again], differing, _WORDS)
