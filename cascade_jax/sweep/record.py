"""What became of a cell: the file `sweep.json` in its folder.

The job writes it, on whichever machine it runs, and the sweep reads it.
"""

import pathlib
from typing import NamedTuple

from cascade_jax.runs import json_file

NAME = "sweep.json"
KIND = json_file.Kind(
  "cell",
  {"state": str, "job": str, "attempts": int, "error": str},
  "remove it, and give the command of the sweep again",
)
RUNNING, DONE, FAILED, STOPPED = "running", "done", "failed", "stopped"


class Record(NamedTuple):
  """What became of a cell.

  Attributes:
    state: `RUNNING` (or its job was killed), `DONE`, `FAILED`, or `STOPPED` by
      a signal, with its state saved.
    job: the identifier of the job that has or had it.
    attempts: how often it was started.
    error: the last line of a failed one.
  """

  state: str
  job: str
  attempts: int = 1
  error: str = ""


def read(folder: pathlib.Path) -> Record | None:
  """Returns the record of the cell in a folder; None if it never started.

  Raises:
    UserError: the file is damaged.
  """
  path = folder / NAME
  if not path.exists():
    return None
  return Record(**json_file.read(path, KIND))


def write(folder: pathlib.Path, record: Record) -> None:
  """Writes the record, in a folder that is made if it does not exist."""
  folder.mkdir(parents=True, exist_ok=True)
  json_file.write(folder / NAME, KIND, record._asdict())
