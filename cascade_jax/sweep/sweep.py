"""A sweep in a folder: which cells are left, their jobs, what they found."""

import pathlib
from collections.abc import Callable, Mapping, Sequence

from absl import logging

from cascade_jax import atomic
from cascade_jax.activity import activity
from cascade_jax.runs import json_file
from cascade_jax.sweep import page, results
from cascade_jax.sweep.cells import Cell
from cascade_jax.sweep.engine import Engine
from cascade_jax.sweep.job import Command
from cascade_jax.sweep.status import Status, status

JOBS = "jobs.json"
_LEFT = ("not started", "failed", "stopped")
_KIND = json_file.Kind(
  "jobs", {"jobs": {str: str}}, "remove it if no job of the sweep runs any more"
)


class Sweep:
  """The cells of a folder, some done and some not.

  Args:
    folder: of the sweep.
    cells: of it.
    num_steps: of the run of each cell.
    command: the words of the command that trains a cell.
    engine: runs the jobs.

  Raises:
    UserError: a file of the sweep is damaged.
  """

  def __init__(
    self,
    folder: pathlib.Path,
    cells: Sequence[Cell],
    num_steps: Sequence[int],
    command: Callable[[Cell], Sequence[str]],
    engine: Engine,
  ) -> None:
    self._folder = folder
    self._cells = list(cells)
    self._num_steps = dict(zip((cell.folder for cell in cells), num_steps))
    self._command = command
    self._engine = engine
    self._jobs = self._read_jobs()

  def submit(self, num_jobs: int) -> None:
    """Submits the cells that are neither done, nor running, nor waiting.

    Args:
      num_jobs: how many cells run at the same time.
    """
    left = [
      cell for cell, found in self.look().values() if found.state in _LEFT
    ]
    logging.info(
      "%d of %d cells are done or have a job; submitting %d",
      len(self._cells) - len(left),
      len(self._cells),
      len(left),
    )
    if not left:
      return
    commands = [
      Command(cell.folder, tuple(self._command(cell))) for cell in left
    ]
    with activity("submitting the jobs", announced=False):
      jobs = self._engine.submit(commands, num_jobs)
    self._jobs |= {str(x.folder): job for x, job in zip(commands, jobs)}
    json_file.write(self._folder / JOBS, _KIND, {"jobs": self._jobs})

  def look(self) -> Mapping[str, tuple[Cell, Status]]:
    """Returns every cell and how far it is, by its name."""
    alive = self._engine.alive(set(self._jobs.values()))
    return {
      cell.name: (
        cell,
        status(
          cell,
          self._num_steps[cell.folder],
          self._jobs.get(str(cell.folder)),
          alive,
        ),
      )
      for cell in self._cells
    }

  def cancel_command(self) -> str:
    """Returns the command that stops the jobs that are alive."""
    jobs = set(self._jobs.values())
    return self._engine.cancel_command(self._engine.alive(jobs))

  def write_results(
    self, rows: Mapping[str, tuple[Cell, Status]], title: str
  ) -> list[pathlib.Path]:
    """Writes the file and the page of all cells that are done; returns them."""
    done = [cell for cell, found in rows.values() if found.state == "done"]
    paths = [self._folder / results.NAME, self._folder / page.NAME]
    with activity("writing the results of the sweep", announced=False):
      groups = results.groups(done)
      lines = [one for group in groups for one in group.results]
      results.write(paths[0], lines)
      if groups:
        atomic.write(paths[1], page.page(groups, self._folder, title).encode())
    return [path for path in paths if path.exists()]

  def _read_jobs(self) -> dict[str, str]:
    path = self._folder / JOBS
    return json_file.read(path, _KIND)["jobs"] if path.exists() else {}
