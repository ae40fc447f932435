"""All trackers of one run, none of which can end it."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from absl import logging

from cascade_jax.activity import activity
from cascade_jax.errors import one_line
from cascade_jax.trackers.registry import TRACKERS
from cascade_jax.trackers.tracker import TrackedRun, Tracker, scalars


class Trackers:
  """Hands the log entries of one run to its trackers.

  A tracker that fails, because of the network or a full disk, is closed with
  one warning, and the run goes on: metrics.jsonl has everything.

  Args:
    names: of the trackers, as in `config.trackers`.
    run: that they show.
  """

  def __init__(self, names: Sequence[str], run: TrackedRun) -> None:
    self._run = run
    self._open: dict[str, Tracker] = {}
    for name in names:
      with self._harmless(name), activity(f"starting {name}", announced=False):
        self._open[name] = TRACKERS[name].open(run)

  def write(self, entry: dict[str, Any]) -> None:
    """Takes a log entry of metrics.jsonl."""
    for name, tracker in list(self._open.items()):
      with self._harmless(name):
        tracker.write(entry["step"], scalars(entry))

  def close(self) -> None:
    """Closes those that have not failed."""
    while self._open:
      name, tracker = self._open.popitem()
      with self._harmless(name), activity(f"closing {name}", announced=False):
        tracker.close()

  @contextlib.contextmanager
  def _harmless(self, name: str) -> Iterator[None]:
    """Turns an error of a tracker into a warning and its end."""
    try:
      yield
    except Exception as error:
      logging.warning(
        "%s: %s has failed and shows no more of this run, which goes on; "
        "metrics.jsonl has everything (%s)",
        self._run.folder,
        name,
        one_line(error),
      )
      if tracker := self._open.pop(name, None):
        with contextlib.suppress(Exception):  # of something broken
          tracker.close()
