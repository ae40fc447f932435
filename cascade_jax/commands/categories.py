r"""Draws what the categories of a run stand for, checkpoint by checkpoint.

  python -m experiments.categories --workdir=runs/rotated \
    --picture=categories.png [--factor=orientation]

There is a row for each checkpoint whose discrete code was in use, so train with
--config.keep_checkpoints=20, say. Each chart is of one true class, and shows
which categories its images get, by the value of the factor.
"""

from absl import flags

from cascade_jax import atomic, plots
from cascade_jax.activity import activity
from cascade_jax.commands.arguments import (
  define_run,
  output_file,
  refuse_words,
  run_folder,
)
from cascade_jax.evaluation import category_shares

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the run, the factor and the picture."""
  define_run()
  flags.DEFINE_string("picture", None, "PNG file to write.", required=True)
  flags.DEFINE_string("factor", "orientation", "Whose values are told apart.")
  flags.DEFINE_integer(
    "num_images",
    10_000,
    "Size of the random sample of images; 0 for all.",
    lower_bound=0,
  )


def main(arguments: list[str]) -> None:
  """Writes the picture."""
  refuse_words(arguments)
  picture = output_file(FLAGS.picture, ".png")
  shares, class_names = category_shares.of_run(
    run_folder(), FLAGS.factor, FLAGS.num_images
  )
  with activity(f"drawing {picture.name}"):
    figure = plots.categories(shares, class_names, FLAGS.factor)
    atomic.write(picture, plots.to_png(figure))
  print(picture)
