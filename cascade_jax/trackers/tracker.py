"""What a tracker is, what it is told of a run, and its id of the run."""

import pathlib
import re
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from cascade_jax import atomic

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class TrackedRun(NamedTuple):
  """What a tracker is told of a run; each replica is a run of its own."""

  folder: pathlib.Path  # of the run
  group: pathlib.Path  # of all replicas; the same folder if there is only one
  config: dict[str, Any]  # "group.key" within groups
  first_step: int  # from which the run is started or resumed

  @property
  def name(self) -> str:
    """What the tracked run is called, such as "compact/seed_3"."""
    if self.folder == self.group:
      return self.folder.name
    return f"{self.group.name}/{self.folder.name}"


class Tracker(Protocol):
  """Shows one run. Its errors are dealt with by `Trackers`.

  It is opened by a call with the `TrackedRun`. The run that a kill has ended
  writes the entries after its last checkpoint again; each tracker says what
  becomes of those.
  """

  def write(self, step: int, scalars: dict[str, float]) -> None:
    """Takes the numbers of one log entry."""

  def close(self) -> None:
    """Ends this part of the run, which may be resumed later."""


def scalars(entry: dict[str, Any]) -> dict[str, float]:
  """Returns the numbers of a log entry of metrics.jsonl, without its step.

  The items of a list are called "key/1", "key/2"; undefined scores, which are
  None, are left out.
  """
  numbers = {}
  for key, value in entry.items():
    if isinstance(value, list):
      for index, item in enumerate(value, start=1):
        numbers[f"{key}/{index}"] = float(item)
    elif key != "step" and value is not None:
      numbers[key] = float(value)
  return numbers


def kept_id(path: pathlib.Path, make: Callable[[], str]) -> str:
  """Returns the tracker's id of a run, which is made once and kept in a file.

  Args:
    path: of the file, in the folder of the run.
    make: returns a new id.

  Raises:
    ValueError: the file holds no id.
  """
  if not path.exists():
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, f"{make()}\n".encode())
  text = path.read_text(encoding="utf-8").strip()
  if not _ID.fullmatch(text):
    raise ValueError(f"{path} holds no id; remove it to track a new run")
  return text
