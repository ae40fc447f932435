"""The files of a study's results: which runs they have, and further ones."""

import itertools
import pathlib
from collections.abc import Iterable, Mapping, Sequence

from cascade_jax.errors import UserError
from cascade_jax.evaluation import summary
from cascade_jax.runs import json_file
from cascade_jax.sweep.cells import Cell


def path(output: pathlib.Path, row: str) -> pathlib.Path:
  """Returns the file of a row."""
  return output / f"{row}.json"


def read(output: pathlib.Path, rows: Iterable[str]) -> dict[str, dict]:
  """Returns the summaries of the rows that have a file, by their names.

  Raises:
    UserError: a file is damaged.
  """
  return {
    row: summary.read(path(output, row))
    for row in rows
    if path(output, row).exists()
  }


def missing(cells: Sequence[Cell], found: Mapping[str, dict]) -> list[Cell]:
  """Returns the cells whose runs no file has.

  Args:
    cells: of the study, whose methods are the names of its rows.
    found: from `read`.
  """
  seeds = {
    row: {run["seed"] for run in content["runs"]}
    for row, content in found.items()
  }
  return [cell for cell in cells if cell.seed not in seeds.get(cell.method, ())]


def check_config(row: str, config: dict, found: Mapping[str, dict]) -> None:
  """Refuses to add runs of one config to a file of another.

  Args:
    row: of the study.
    config: of the new runs, as it is in a JSON file.
    found: from `read`.

  Raises:
    UserError: the configs differ; the message names the keys.
  """
  if row not in found:
    return
  differing = summary.differing_keys(config, found[row]["config"])
  if differing:
    raise UserError(
      f"{row}.json has runs of another config: {', '.join(differing)} differ. "
      "Move the file away to train all its seeds again"
    )


def gather(output: pathlib.Path, cells: Sequence[Cell]) -> None:
  """Adds runs to the files of their rows.

  Args:
    output: folder of the files; it is made.
    cells: that are done, and that no file has.

  Raises:
    UserError: a file is damaged.
  """
  output.mkdir(parents=True, exist_ok=True)
  for row, of_row in itertools.groupby(cells, lambda cell: cell.method):
    folders = [cell.folder for cell in of_row]
    file = path(output, row)
    sources = [file, *folders] if file.exists() else folders
    json_file.write(file, summary.KIND, summary.summarise(sources))
