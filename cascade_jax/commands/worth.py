r"""Prints what factors, or the dimensions of a run, are worth in nats per nat.

  python -m experiments.worth --config=experiments/configs/dsprites.py \
    [--config.data.image_size=32] [--output=worth.json]
  python -m experiments.worth --workdir=runs/compact [--num_images=256]

The first form is of the data set of a config, which must have factors: the
reconstruction that an ideal decoder gains from each factor, per nat of its
entropy. A dimension of a VAE pays for a factor while its KL weight is below
this. The second form is of a trained run: the reconstruction that is lost
without each dimension in use, per nat of its KL. docs/critical_beta.md explains
both.
"""

from absl import flags
from ml_collections import config_flags

from cascade_jax import data
from cascade_jax.commands.arguments import (
  data_config,
  define_run,
  optional_json_file,
  refuse_words,
  run_folder,
)
from cascade_jax.errors import UserError
from cascade_jax.evaluation import run_worth, worth
from cascade_jax.runs import json_file

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the config, the run and the output."""
  config_flags.DEFINE_config_file(
    "config", None, "Config file whose data set is looked at."
  )
  define_run("Folder of a run to look at instead.", required=False)
  flags.DEFINE_integer(
    "num_images",
    256,
    "Size of the random sample of the run's images; 0 for all. The worth of "
    "factors is always computed on all images.",
    lower_bound=0,
  )
  flags.DEFINE_string("output", None, "JSON file for the numbers.")


def main(arguments: list[str]) -> None:
  """Prints the tables; writes the JSON file."""
  refuse_words(arguments)
  has_config = FLAGS["config"].value is not None
  if has_config == (FLAGS.workdir is not None):
    raise UserError("name either a data set by --config, or a run by --workdir")
  output = optional_json_file(FLAGS.output)
  if has_config:
    config = data_config(FLAGS["config"])
    content = worth.dataset_worth(data.load(**config.data))
    text = worth.to_markdown(content)
  else:
    content = run_worth.run_worth(run_folder(), FLAGS.num_images)
    text = run_worth.to_markdown(content)
  print(text)
  if output:
    json_file.write(output, worth.KIND, content)
