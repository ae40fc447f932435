"""How far the files of a run reach, so that a start notices lost ones.

`run.json` has it: "saved_step" is the step of the newest checkpoint, and
"logged_step" that of the last log entry when this checkpoint was saved.
"""

import pathlib
from typing import NamedTuple

from absl import logging

from cascade_jax.errors import UserError
from cascade_jax.runs import json_file, log_file, workdir


class Reach(NamedTuple):
  """How far a run's files reach, or once reached; 0 for nothing.

  Attributes:
    saved: the step of the newest checkpoint that was saved.
    once_logged: the step of the last log entry at that time.
    logged: the step of the last log entry that is there now.
  """

  saved: int
  once_logged: int
  logged: int


def read(folder: pathlib.Path) -> Reach:
  """Reads it from `run.json` and the log of a run.

  The `run.json` of an earlier version doesn't tell; a run that has a log is
  then taken to have saved a checkpoint.

  Raises:
    UserError: one of the files is damaged.
  """
  return _reach(folder, log_file.read(folder))


def _reach(folder: pathlib.Path, entries: list[dict]) -> Reach:
  logged = entries[-1]["step"] if entries else 0
  run = workdir.read_run(folder) or {}
  return Reach(
    run.get("saved_step", logged), run.get("logged_step", logged), logged
  )


def read_log(folder: pathlib.Path) -> list[dict]:
  """Reads the log of a run, for whoever only looks at it.

  A log that is cut off between two lines, emptied or deleted is whole in
  itself; only `run.json` tells that it was longer, which is warned of.

  Raises:
    UserError: one of the files is damaged.
  """
  entries = log_file.read(folder)
  reach = _reach(folder, entries)
  _warn_of_lost_entries(folder, reach, reach.once_logged)
  return entries


def record(folder: pathlib.Path, saved: int, logged: int) -> None:
  """Notes it in `run.json`, where there is one; arguments as in `Reach`."""
  run = workdir.read_run(folder)
  if run is not None:
    run |= {"saved_step": saved, "logged_step": logged}
    json_file.write(folder / workdir.RUN_FILE, workdir.RUN, run)


def check_nothing_saved(folder: pathlib.Path, reach: Reach) -> None:
  """Refuses a run that starts anew, although it has saved a checkpoint.

  Raises:
    UserError: it has; the message says what is missing.
  """
  if reach.saved:
    raise UserError(
      f"{folder} has no checkpoints any more, but its run went to step "
      f"{reach.saved}. Put back {folder / 'checkpoints'}; or start over in "
      "another workdir, or in this one without its files"
    )


def warn_of_losses(folder: pathlib.Path, reach: Reach, step: int) -> None:
  """Warns if a run that goes on from `step` once had more than is there."""
  if step < reach.saved:
    logging.warning(
      "%s: the checkpoint of step %d is gone or damaged; going on from %d",
      folder,
      reach.saved,
      step,
    )
  _warn_of_lost_entries(folder, reach, min(step, reach.once_logged))


def _warn_of_lost_entries(
  folder: pathlib.Path, reach: Reach, expected: int
) -> None:
  """Warns if the log ends before the step that it is expected to reach."""
  if reach.logged < expected:
    logging.warning(
      "%s: the log ends at step %d, but once reached step %d; the entries "
      "between are lost",
      folder / log_file.NAME,
      reach.logged,
      reach.once_logged,
    )
