r"""Measures steps, solvers, evaluation and memory against this machine's limit.

  python -m experiments.benchmark --output=measure.json \
    [--against=before.json] [--config.num_replicas=10]
  python -m experiments.benchmark measure.json [--against=before.json]

The second form only prints the table of an earlier measurement. Close
everything else that computes: the machine must be quiet.
"""

import pathlib

from absl import flags
from ml_collections import config_flags

from cascade_jax import config as config_lib
from cascade_jax.benchmark import measure, table
from cascade_jax.commands.arguments import config_value, output_file
from cascade_jax.errors import UserError
from cascade_jax.runs import json_file

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the config, the files and the number of images."""
  config_flags.DEFINE_config_file(
    "config",
    "experiments/configs/dsprites.py",
    "Config file of the run to measure.",
  )
  flags.DEFINE_string("output", "benchmark.json", "JSON file to write.")
  flags.DEFINE_string(
    "against", None, "JSON file of an earlier measurement, to show ratios to."
  )
  flags.DEFINE_integer(
    "evaluation_images",
    40_000,
    "Number of images to encode and assign; 0 for all of them.",
    lower_bound=0,
  )


def main(arguments: list[str]) -> None:
  """Prints the table of a file, or measures, writes a file and prints it."""
  if len(arguments) > 1:
    raise UserError(f"name one file to print, not {len(arguments)}")
  earlier = _read(FLAGS.against) if FLAGS.against else None
  if arguments:
    figures = _read(arguments[0])
  else:
    config = config_value(FLAGS["config"])
    config_lib.check(config)
    output = output_file(FLAGS.output, ".json")
    figures = measure.measure(config, FLAGS.evaluation_images)
    json_file.write(output, table.KIND, figures)
  print(table.to_markdown(figures, earlier))


def _read(name: str) -> dict:
  return json_file.read(pathlib.Path(name), table.KIND)
