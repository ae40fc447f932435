"""TensorBoard: event files, written by tensorboardX."""

import time
from typing import Any

from cascade_jax import optional
from cascade_jax.trackers.tracker import TrackedRun

_SHOWN = ("loss", "reconstruction")  # beside the settings, under HPARAMS


class TensorBoard:
  """Event files in `tensorboard/` of the run's folder.

  `tensorboard --logdir=runs` shows all runs there, with their settings under
  HPARAMS. A resumed run adds a file, whose first event tells TensorBoard to
  drop what earlier files hold after the step from which the run goes on.

  Each entry is written and flushed at once, without the thread of tensorboardX:
  after an error, such as a full disk, that thread ends silently, and soon the
  queue that it should empty is full and blocks the training.
  """

  def __init__(self, run: TrackedRun) -> None:
    optional.imported("tensorboardX", "tensorboard", "TensorBoard")
    from tensorboardX import event_file_writer, summary
    from tensorboardX.proto import event_pb2

    self._event, self._summary = event_pb2.Event, summary
    folder = run.folder / "tensorboard"
    folder.mkdir(exist_ok=True)
    # The step is in the name, because the time in it has whole seconds only.
    self._file = event_file_writer.EventsWriter(
      str(folder / "events"), f".{run.first_step}"
    )
    start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    self._add(run.first_step + 1, session_log=start)
    of_run = summary.hparams(_settings(run.config), dict.fromkeys(_SHOWN))
    for each in of_run[:2]:  # the third says that the run has ended
      self._add(run.first_step, summary=each)
    self._file.flush()

  def write(self, step: int, scalars: dict[str, float]) -> None:
    """Writes a scalar for each number."""
    for name, number in scalars.items():
      self._add(step, summary=self._summary.scalar(name, number))
    self._file.flush()

  def close(self) -> None:
    """Closes the file."""
    self._file.close()

  def _add(self, step: int, **content: Any) -> None:
    self._file.write_event(
      self._event(step=step, wall_time=time.time(), **content)
    )


def _settings(config: dict[str, Any]) -> dict[str, Any]:
  """Returns a config in the types that HPARAMS shows."""
  return {
    key: value if isinstance(value, bool | int | float | str) else str(value)
    for key, value in config.items()
    if value is not None
  }
