r"""Scores k-means on the pixels, the floor that learned categories must beat.

  python -m experiments.k_means --config=own --config.data.name=arrays \
    --config.data.path=mine.npz [--config.num_categories="(5,)"] \
    [--num_seeds=5] [--output=k_means.json]

The data set of the config must have classes. Its images are fitted as for a
training, and there are as many clusters as categories. Nothing else of
the config is read.
"""

from absl import flags
from ml_collections import config_flags

from cascade_jax import data
from cascade_jax.commands.arguments import (
  data_config,
  optional_json_file,
  refuse_words,
)
from cascade_jax.errors import UserError
from cascade_jax.evaluation import k_means
from cascade_jax.runs import json_file

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the config, the repetitions, the sample and the output."""
  config_flags.DEFINE_config_file(
    "config", None, "Config file whose data set is clustered."
  )
  flags.mark_flag_as_required("config")
  flags.DEFINE_integer(
    "num_seeds", 5, "How often k-means is repeated.", lower_bound=1
  )
  flags.DEFINE_integer(
    "num_images",
    10_000,
    "Size of the random sample of images; 0 for all.",
    lower_bound=0,
  )
  flags.DEFINE_string("output", None, "JSON file for the scores.")


def main(arguments: list[str]) -> None:
  """Prints the table; writes the JSON file."""
  refuse_words(arguments)
  config = data_config(FLAGS["config"], "num_categories")
  output = optional_json_file(FLAGS.output)
  if len(config.num_categories) != 1:
    raise UserError(
      f"config.num_categories is {tuple(config.num_categories)}; k-means "
      "takes one number of clusters, such as (10,)"
    )
  content = k_means.pixel_clusters(
    data.load(**config.data),
    config.num_categories[0],
    FLAGS.num_seeds,
    FLAGS.num_images,
  )
  print(k_means.to_markdown(content))
  if output:
    json_file.write(output, k_means.KIND, content)
