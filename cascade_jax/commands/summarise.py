r"""Puts runs of several seeds into one file, or prints such a file's table.

  python -m experiments.summarise --output=results.json \
    runs/compact_3 runs/compact_4
  python -m experiments.summarise results.json

Files and folders may be named together, to add seeds to a file:

  python -m experiments.summarise --output=results.json \
    results.json runs/compact_5
"""

import pathlib

from absl import flags

from cascade_jax.commands.arguments import optional_json_file
from cascade_jax.errors import UserError
from cascade_jax.evaluation import summary
from cascade_jax.runs import json_file

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the output."""
  flags.DEFINE_string("output", None, "JSON file to write.")


def main(arguments: list[str]) -> None:
  """Prints the table; writes the file if there is an --output."""
  inputs = [pathlib.Path(name) for name in arguments]
  if not inputs:
    raise UserError("name folders of runs, or summary files")
  output = optional_json_file(FLAGS.output)
  content = summary.summarise(inputs)
  if output:
    json_file.write(output, summary.KIND, content)
  print(summary.to_markdown(content))
