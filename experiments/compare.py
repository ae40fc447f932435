r"""Prints one table of several methods, of the files of experiments.summarise.

  python -m experiments.compare docs/results/methods/*.json

Each file is of one method's seeds; rows are named after the files, and come in
their order.
"""

import pathlib

import cascade_jax  # noqa: F401  first: sets flags that jax reads
from cascade_jax.errors import UserError
from cascade_jax.evaluation import comparison
from cascade_jax.runs import json_file
from experiments import launch


def main(arguments: list[str]) -> None:
  """Prints the table."""
  files = [pathlib.Path(name) for name in arguments]
  for path in files:
    if path.suffix != ".json":
      raise UserError(
        f"{path} is not a summary; make one of a run's seeds with "
        "python -m experiments.summarise --output=FILE.json FOLDERS"
      )
  print(
    comparison.to_markdown({path.stem: json_file.read(path) for path in files})
  )


if __name__ == "__main__":
  launch.run(main)
