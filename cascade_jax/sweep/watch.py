"""The live table of a sweep."""

import collections
import time
from collections.abc import Callable, Mapping

from absl import logging
from rich.console import Console
from rich.live import Live
from rich.table import Table

from cascade_jax.runs.progress import duration
from cascade_jax.sweep.cells import Cell
from cascade_jax.sweep.status import Status

_SECONDS = 2.0  # between looks
_LOG_SECONDS = 15.0  # between log lines where there is no terminal
_COLUMNS = ("cell", "state", "step", "steps/s", "score", "time left")


def watch(
  look: Callable[[], Mapping[str, tuple[Cell, Status]]],
) -> dict[str, tuple[Cell, Status]]:
  """Shows a table until no cell is waiting or running, and returns its rows.

  On a terminal the table stands still and changes; elsewhere there are log
  lines, one for each cell that changes its state and one from time to time.

  Args:
    look: returns the cells and their status by the name of the cell.
  """
  console = Console(stderr=True)
  rows = dict(look())
  if not console.is_terminal:
    return _log(look, rows)
  with Live(table(rows), console=console, auto_refresh=False) as live:
    while _are_alive(rows):
      time.sleep(_SECONDS)
      rows = dict(look())
      live.update(table(rows), refresh=True)
  return rows


def table(rows: Mapping[str, tuple[Cell, Status]]) -> Table:
  """Returns the table of the cells."""
  shown = Table(*_COLUMNS, box=None, title=summary(rows))
  for name, (_, status) in rows.items():
    shown.add_row(name, *cells_of(status))
  return shown


def cells_of(status: Status) -> tuple[str, str, str, str, str]:
  """Returns the cells of the table for one status."""
  score = ""
  if status.score is not None:
    name, value = status.score
    score = f"{name.split('_')[0]} {value:.4g}"
  return (
    status.state,
    f"{status.step:,}",
    "" if status.rate is None else f"{status.rate:.1f}",
    score,
    "" if status.seconds_left is None else duration(status.seconds_left),
  )


def summary(rows: Mapping[str, tuple[Cell, Status]]) -> str:
  """Returns how many cells there are in each state."""
  counts = collections.Counter(status.state for _, status in rows.values())
  parts = [f"{count} {state}" for state, count in counts.items()]
  return f"{len(rows)} cells: {', '.join(parts)}"


def _log(
  look: Callable[[], Mapping[str, tuple[Cell, Status]]],
  rows: dict[str, tuple[Cell, Status]],
) -> dict[str, tuple[Cell, Status]]:
  logging.info("%s", summary(rows))
  last = time.monotonic()
  while _are_alive(rows):
    time.sleep(_SECONDS)
    new = dict(look())
    for name, (_, status) in new.items():
      if status.state != rows[name][1].state:
        logging.info("%s: %s %s", name, status.state, status.error)
    rows = new
    if time.monotonic() - last > _LOG_SECONDS:
      logging.info("%s", summary(rows))
      last = time.monotonic()
  return rows


def _are_alive(rows: Mapping[str, tuple[Cell, Status]]) -> bool:
  return any(
    status.state in ("waiting", "running") for _, status in rows.values()
  )
