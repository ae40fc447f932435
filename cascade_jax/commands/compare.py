"""Prints one table of several methods, from the summaries of their runs.

  python -m experiments.compare docs/results/methods/*.json

Each file holds the seeds of one method, as `python -m experiments.summarise`
writes it. Rows are named after the files, and stand in their order.
"""

import pathlib

from cascade_jax.errors import UserError
from cascade_jax.evaluation import comparison, summary


def define_flags() -> None:
  """Registers nothing: the command has no flags of its own."""


def main(arguments: list[str]) -> None:
  """Prints the table."""
  paths = [pathlib.Path(name) for name in arguments]
  for path in paths:
    if path.suffix != ".json":
      raise UserError(
        f"{path} is not a summary; make one of a run's seeds with "
        "python -m experiments.summarise --output=FILE.json FOLDERS"
      )
  summaries = {path.stem: summary.read(path) for path in paths}
  print(comparison.to_markdown(summaries))
