"""SIGKILL at any moment; then the same command goes on."""

import functools
import os
import signal
import threading
import time

from cascade_jax.runs import checkpoints, run_log
from tests.faults import scene as scenes
from tests.faults.attempts import Child
from tests.faults.events import Watch, kill
from tests.faults.interruption import interrupted, moments

FAULT = "SIGKILL"


def outcomes(scene, rng, is_long):
  """Yields the outcome of each kill."""
  for task, count in (
    (scenes.TRAINING, 30 if is_long else 2),
    (scenes.EVALUATION, 4 if is_long else 0),
    (scenes.REPORT, 8 if is_long else 0),
    (scenes.EXPLORING, 4 if is_long else 0),
  ):
    for k in moments(scene, task, rng, count):
      yield interrupted(scene, task, FAULT, Watch(k, kill))
  training = functools.partial(interrupted, scene, scenes.TRAINING, FAULT)
  for step in rng.permutation(8)[: 8 if is_long else 1] + 1:
    yield training(_InLine(int(step)), where="a log line, half written")
  for k in range(12 if is_long else 1):
    prepare = _InSave(k % 3, float(rng.uniform(0, 0.3)))
    yield training(prepare, where="a save")
  seconds = _duration(scene) if is_long else 0
  for _ in range(12 if is_long else 0):
    delay = float(rng.uniform(0, seconds))
    yield training(None, where="a random moment", seconds=delay)


class _InLine:
  """Kills when half of a log line is written."""

  def __init__(self, step):
    self._step = step

  def __call__(self, folder, pipe):
    write = run_log.RunLog.write

    def writing(log, entry):
      if entry["step"] != self._step:
        return write(log, entry)
      log._file.write(b'{"step": 5, "phase"')
      log._file.flush()
      os.kill(os.getpid(), signal.SIGKILL)

    run_log.RunLog.write = writing


class _InSave:
  """Kills some time after the beginning of a save."""

  def __init__(self, number, delay):
    self._number, self._delay = number, delay

  def __call__(self, folder, pipe):
    save, numbers = checkpoints.Checkpoints.save, iter(range(100))

    def saving(*arguments):
      if next(numbers) == self._number:
        threading.Timer(
          self._delay, os.kill, (os.getpid(), signal.SIGKILL)
        ).start()
      return save(*arguments)

    checkpoints.Checkpoints.save = saving


def _duration(scene):
  """Returns the seconds that an undisturbed child takes."""
  started = time.monotonic()
  folder = scene.copy("")
  assert Child(scenes.TRAINING.function, folder).ended().ending == "done"
  scene.remove(folder.parent)
  return time.monotonic() - started
