r"""Measures steps, solvers, evaluation and memory against this machine's limit.

  python -m experiments.benchmark --output=measure.json \
    [--against=before.json] [--config.num_replicas=10]
  python -m experiments.benchmark measure.json [--against=before.json]

The second only prints the table of what was measured. Close everything else
that computes: the machine is to be quiet.
"""

import pathlib

from absl import flags
from ml_collections import config_flags

import cascade_jax  # noqa: F401  first: sets flags that jax reads
from cascade_jax import config as config_lib
from cascade_jax.benchmark import measure, table
from cascade_jax.errors import UserError
from cascade_jax.runs import json_file
from experiments import launch

_CONFIG = config_flags.DEFINE_config_file(
  "config",
  "experiments/configs/dsprites.py",
  "Config file of the run to measure.",
)
_OUTPUT = flags.DEFINE_string("output", "benchmark.json", "JSON file to write.")
_AGAINST = flags.DEFINE_string(
  "against", None, "JSON file of an earlier run, to show ratios to."
)
_EVALUATION_IMAGES = flags.DEFINE_integer(
  "evaluation_images",
  40_000,
  "Images to encode and assign; 0 for all of them.",
)


def main(files: list[str]) -> None:
  """Prints the table of a file, or of what it measures and writes to one."""
  if len(files) > 1:
    raise UserError(f"name one file to print, not {len(files)}")
  earlier = None
  if _AGAINST.value:
    earlier = json_file.read(pathlib.Path(_AGAINST.value))
  if files:
    figures = json_file.read(pathlib.Path(files[0]))
  else:
    config_lib.check(_CONFIG.value)
    output = launch.output_file(_OUTPUT.value, ".json")
    figures = measure.measure(_CONFIG.value, _EVALUATION_IMAGES.value)
    json_file.write(output, figures)
  print(table.to_markdown(figures, earlier))


if __name__ == "__main__":
  launch.run(main)
