"""A disk that is full when a file is written; then there is room again."""

import errno
import os

from cascade_jax.runs import log_file
from tests.faults import scene as scenes
from tests.faults.events import Watch, fill_disk, no_space
from tests.faults.interruption import interrupted, moments
from tests.faults.small_disk import mounted


def outcomes(scene, rng, is_long):
  """Yields the outcome of each time."""
  with mounted(scene.folder / "disk") as disk:
    fault = f"disk full ({'tmpfs' if disk else 'ENOSPC injected'})"
    fill = fill_disk if disk else no_space
    for task, count in (
      (scenes.TRAINING, 20 if is_long else 1),
      (scenes.EVALUATION, 4 if is_long else 0),
      (scenes.REPORT, 10 if is_long else 0),
      (scenes.EXPLORING, 6 if is_long else 0),
    ):
      for k in moments(scene, task, rng, count):
        yield interrupted(scene, task, fault, Watch(k, fill), disk=disk)
  for step in rng.permutation(8)[: 4 if is_long else 1] + 1:
    yield interrupted(
      scene,
      scenes.TRAINING,
      "disk full (ENOSPC injected)",
      _InLine(int(step)),
      where="a log line",
    )


class _InLine:
  """The disk is full when a log line is written."""

  def __init__(self, step):
    self._step = step

  def __call__(self, folder, pipe):
    line = log_file.line

    def full(entry, number):
      if entry["step"] == self._step:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
      return line(entry, number)

    log_file.line = full
