r"""Draws what the latents of several runs know, and keeps the numbers.

  python -m experiments.information --output=information.json \
    --picture=information.png CascadeVAE=runs/cascade beta-VAE=runs/beta

The numbers come from the runs' logs. Runs log them at the ends of the cascade's
phases, and every --config.evaluate_every steps.
"""

from absl import flags

from cascade_jax import atomic, plots
from cascade_jax.activity import activity
from cascade_jax.commands.arguments import named_folders, output_file
from cascade_jax.evaluation import information_log
from cascade_jax.runs import json_file

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the two files to write."""
  flags.DEFINE_string(
    "output", None, "JSON file for the numbers.", required=True
  )
  flags.DEFINE_string(
    "picture", None, "PNG file for the picture.", required=True
  )


def main(arguments: list[str]) -> None:
  """Writes both files."""
  output = output_file(FLAGS.output, ".json")
  picture = output_file(FLAGS.picture, ".png")
  runs = information_log.collect(named_folders(arguments))
  json_file.write(output, information_log.KIND, runs)
  with activity(f"drawing {picture.name}"):
    figure = plots.information(
      {name: run["records"] for name, run in runs.items()}
    )
    atomic.write(picture, plots.to_png(figure))
  print(f"{output}\n{picture}")
