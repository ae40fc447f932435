r"""Measures steps, solvers, evaluation and memory against this machine's limit.

  python -m experiments.benchmark --output=measure.json \
    [--against=before.json] [--config.num_replicas=10]
  python -m experiments.benchmark --growth=all --config=compact \
    --output=growth.json
  python -m experiments.benchmark measure.json [--against=before.json]

The second form measures how the time of a step grows: larger batches and
images, more categories, discrete variables, replicas and devices, one at a time
around the config, on random images; and the solvers by themselves. The third
form only prints the tables of an earlier measurement. Close everything else
that computes: the machine must be quiet.
"""

import pathlib

from absl import flags
from ml_collections import config_flags

from cascade_jax import config as config_lib
from cascade_jax.benchmark import growth, growth_tables, measure, table
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
  flags.DEFINE_list(
    "growth",
    [],
    "How the work grows, instead of one run: all, or some of "
    f"{', '.join(growth.PARTS)}.",
  )


def main(arguments: list[str]) -> None:
  """Prints the table of a file, or measures, writes a file and prints it."""
  if len(arguments) > 1:
    raise UserError(f"name one file to print, not {len(arguments)}")
  if FLAGS.growth and FLAGS.against:
    raise UserError("--against compares single runs; leave out --growth")
  if arguments:
    print(_tables_of_file(pathlib.Path(arguments[0])))
  else:
    print(_measured())


def _measured() -> str:
  """Measures, writes the file and returns its tables."""
  parts = growth.PARTS if FLAGS.growth == ["all"] else FLAGS.growth
  growth.check_parts(parts)
  earlier = _earlier()
  config = config_value(FLAGS["config"])
  config_lib.check(config)
  output = output_file(FLAGS.output, ".json")
  if parts:
    figures = growth.measure_growth(config, parts)
    json_file.write(output, growth_tables.KIND, figures)
    return growth_tables.to_markdown(figures)
  figures = measure.measure(config, FLAGS.evaluation_images)
  json_file.write(output, table.KIND, figures)
  return table.to_markdown(figures, earlier)


def _tables_of_file(path: pathlib.Path) -> str:
  marks = json_file.read_object(path).get("cascade_jax")
  if marks == f"{growth_tables.KIND.name} 1":
    return growth_tables.to_markdown(json_file.read(path, growth_tables.KIND))
  return table.to_markdown(json_file.read(path, table.KIND), _earlier())


def _earlier() -> dict | None:
  """The figures of --against."""
  if not FLAGS.against:
    return None
  return json_file.read(pathlib.Path(FLAGS.against), table.KIND)
