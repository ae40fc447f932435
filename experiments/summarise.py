r"""Puts runs of several seeds into one file, or prints such a file's table.

python -m experiments.summarise --output=results.json \
    runs/compact_3 runs/compact_4
python -m experiments.summarise results.json
"""

import pathlib

from absl import flags

import cascade_jax  # noqa: F401  first: sets flags that jax reads
from cascade_jax.errors import UserError
from cascade_jax.evaluation import summary
from cascade_jax.runs import json_file
from experiments import launch

_OUTPUT = flags.DEFINE_string("output", None, "JSON file to write.")


def main(arguments: list[str]) -> None:
  """Prints the table; writes the file where there is an --output."""
  inputs = [pathlib.Path(name) for name in arguments]
  if not inputs:
    raise UserError("name the folders of runs, or one summary file")
  output = _OUTPUT.value and launch.output_file(_OUTPUT.value, ".json")
  if inputs[0].suffix == ".json":
    content = json_file.read(inputs[0])
  else:
    content = summary.summarise(inputs)
  if output:
    json_file.write(output, content)
  print(summary.to_markdown(content))


if __name__ == "__main__":
  launch.run(main)
