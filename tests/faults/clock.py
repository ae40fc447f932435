"""A clock that jumps while a run goes on, or between a stop and its resume."""

import contextlib
import datetime
import itertools
import os
import time
from unittest import mock

from cascade_jax import data
from cascade_jax.runs import log_file, provenance
from tests.faults import run
from tests.faults import scene as scenes
from tests.faults.attempts import attempt
from tests.faults.outcomes import judged

_HOUR, _YEAR = 3600, 365 * 86400
_JUMPS = {
  "back an hour": -_HOUR,
  "on an hour": _HOUR,
  "back 20 years": -20 * _YEAR,
  "on 20 years": 20 * _YEAR,
}


def outcomes(scene, rng, is_long):
  """Yields the outcome of each jump."""
  del rng
  for words, seconds in _JUMPS.items() if is_long else ():
    yield _jump(scene, scenes.TRAINING, f"{words} at step 4", [0, seconds])
  for words, seconds in _JUMPS.items():
    if is_long or seconds == -_HOUR:
      where = f"{words}, between stop and resume"
      yield _jump(scene, scenes.RESUMING, where, [seconds])
  if is_long:
    offsets = [0, *_JUMPS.values()]
    yield _jump(scene, scenes.TRAINING, "at every step", offsets)


def _jump(scene, task, where, offsets):
  """Does a task under a clock that has the next offset at each step."""
  folder = scene.copy(task.base)
  for path in folder.rglob("*") if task.base else ():
    os.utime(path, (time.time() + offsets[0],) * 2)  # as files of the future
  with _clock(offsets):
    attempts = [attempt(task.function, folder)]
  differing = scene.differences(folder, task)
  elapsed = [entry["elapsed"] for entry in log_file.read(folder)]
  if elapsed != sorted(elapsed) or not 0 < elapsed[-1] < _HOUR:
    differing.append(f"elapsed is {elapsed}")
  if attempts[0].ending == "done":  # the files can be read and gone on with
    attempts.append(attempt(run.train, folder))
    differing += scene.differences(folder, task)
  scene.remove(folder.parent)
  return judged("a clock that jumps", where, attempts, differing)


@contextlib.contextmanager
def _clock(offsets):
  """Sets the clock; it has the next offset at each step."""
  now, batch_indices = time.time, data.batch_indices
  calls, offset = itertools.count(), [offsets[0]]

  def stepping(*arguments):
    offset[0] = offsets[next(calls) % len(offsets)]
    return batch_indices(*arguments)

  class Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
      return cls.fromtimestamp(now() + offset[0], tz)

  with (
    mock.patch.object(time, "time", lambda: now() + offset[0]),
    mock.patch.object(provenance.datetime, "datetime", Datetime),
    mock.patch.object(data, "batch_indices", stepping),
  ):
    yield
