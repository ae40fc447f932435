"""What a sweep found: a line for each cell that is done, and their groups."""

import json
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from cascade_jax import atomic
from cascade_jax.evaluation import evaluation_file, scores
from cascade_jax.runs import json_file, log_file, workdir
from cascade_jax.sweep.cells import Cell

NAME = "results.jsonl"


class Group(NamedTuple):
  """The cells that differ only in their seed."""

  name: str
  results: list[dict[str, Any]]  # lines of the file, one a seed
  logs: list[list[dict[str, Any]]]  # the log entries of each


def result(cell: Cell) -> dict[str, Any]:
  """Returns the line of a cell that is done: settings, scores, provenance.

  Raises:
    UserError: a file of the cell is damaged.
  """
  evaluation = evaluation_file.read(cell.folder)
  run = json_file.read(cell.folder / workdir.RUN_FILE, workdir.RUN)
  names = (*scores.NAMES, "reconstruction", "elbo_at_mean")
  return {
    "method": cell.method,
    **cell.settings,
    "seed": cell.seed,
    "step": evaluation["step"],
    "num_images": evaluation["num_images"],
    **{name: evaluation.get(name) for name in names},
    **{f"metric.{k}": x for k, x in evaluation.get("metrics", {}).items()},
    "seconds": log_file.read(cell.folder)[-1]["elapsed"],
    "device": run["device"],
    "git_commit": run["git_commit"],
    "folder": str(cell.folder),
  }


def write(path: pathlib.Path, results: Iterable[dict[str, Any]]) -> None:
  """Writes the lines; `pandas.read_json(path, lines=True)` reads them."""
  lines = "".join(f"{json.dumps(one)}\n" for one in results)
  atomic.write(path, lines.encode())


def groups(cells: Sequence[Cell]) -> list[Group]:
  """Returns the cells that are done, those of one setting together."""
  found: dict[str, Group] = {}
  for cell in cells:
    name = cell._replace(seed=0).name.removesuffix("seed 0").strip()
    group = found.setdefault(name, Group(name or "all", [], []))
    group.results.append(result(cell))
    group.logs.append(log_file.read(cell.folder))
  return list(found.values())
