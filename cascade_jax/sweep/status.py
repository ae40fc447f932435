"""How far the cells of a sweep are, read from their folders."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from cascade_jax.evaluation import evaluation_file
from cascade_jax.runs import log_file
from cascade_jax.sweep import record
from cascade_jax.sweep.cells import Cell

_ENDED = "its job ended without a word: out of memory, or killed?"
_SCORES = ("disentanglement_score", "classification_accuracy", "elbo_at_mean")
_TAIL = 2**16  # bytes of the log that are read


class Status(NamedTuple):
  """How far a cell is.

  Attributes:
    state: "waiting", "running", "done", "stopped", "failed" or "not started".
    step: that the log has reached.
    rate: steps a second, by the last log entry; None if unknown.
    score: the name of the newest score, and its value.
    seconds_left: of the training; None if unknown.
    error: of a failed cell.
  """

  state: str
  step: int = 0
  rate: float | None = None
  score: tuple[str, float] | None = None
  seconds_left: float | None = None
  error: str = ""


def status(
  cell: Cell, num_steps: int, job: str | None, alive: Mapping[str, str]
) -> Status:
  """Returns how far a cell is.

  Args:
    cell: of the sweep.
    num_steps: of its run.
    job: that it was given to; None for none.
    alive: the states of all jobs that have not ended.

  Raises:
    UserError: a file of the cell is damaged.
  """
  found = record.read(cell.folder)
  evaluation = evaluation_file.read(cell.folder)
  if evaluation.get("step") == num_steps and not _is_running(found, alive):
    return Status("done", num_steps, score=_score([evaluation]))
  entries = _last_entries(cell.folder / log_file.NAME)
  step = entries[-1]["step"] if entries else 0
  state, error = _state(found, job, alive)
  is_known = state == "running" and entries
  rate = entries[-1].get("steps_per_second") if is_known else None
  left = (num_steps - step) / rate if rate else None
  return Status(state, step, rate, _score(entries), left, error)


def _is_running(found: record.Record | None, alive: Mapping[str, str]) -> bool:
  """Returns whether a job is at a cell, as it is until its report is there."""
  if found is None or found.state != record.RUNNING:
    return False
  return found.job in alive


def _state(
  found: record.Record | None, job: str | None, alive: Mapping[str, str]
) -> tuple[str, str]:
  """Returns the state of a cell that is not done, and its error."""
  if job in alive and not (found and found.job == job):
    return "waiting", ""  # the job has not come to this cell
  if found is None:
    return "not started", ""
  if _is_running(found, alive):
    return alive[found.job], ""
  if found.state == record.RUNNING:
    return record.FAILED, _ENDED
  if found.state == record.STOPPED and job in alive:
    return "waiting", ""  # back in the queue
  return found.state, found.error


def _last_entries(path: pathlib.Path) -> list[dict[str, Any]]:
  """Returns the last entries of a log that may be written at this moment.

  Lines that are not whole, as the first and the last may be, are left out.
  """
  if not path.exists():
    return []
  with path.open("rb") as file:
    file.seek(max(0, path.stat().st_size - _TAIL))
    lines = file.read().splitlines()
  entries = []
  for line in lines:
    try:
      entries.append(json.loads(line))
    except ValueError:
      continue
  return [entry for entry in entries if isinstance(entry, dict)]


def _score(entries: list[dict[str, Any]]) -> tuple[str, float] | None:
  """Returns the newest score in entries."""
  for entry in reversed(entries):
    for name in _SCORES:
      if entry.get(name) is not None:
        return name, entry[name]
  return None
