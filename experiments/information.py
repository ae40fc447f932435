r"""Draws what the latents of several runs know, and keeps the numbers.

  python -m experiments.information --output=information.json \
    --picture=information.png CascadeVAE=runs/cascade beta-VAE=runs/beta

The runs log it at the ends of the cascade's phases, and each
--config.evaluate_every steps.
"""

import cascade_jax  # noqa: F401, I001  first: sets flags that jax reads

from absl import flags

from cascade_jax.evaluation import information_log
from cascade_jax.runs import json_file
from cascade_jax import plots
from cascade_jax.errors import UserError
from experiments import launch

_OUTPUT = flags.DEFINE_string(
  "output", None, "JSON file for the numbers.", required=True
)
_PICTURE = flags.DEFINE_string(
  "picture", None, "PNG file for the picture.", required=True
)


def main(arguments: list[str]) -> None:
  """Writes both files."""
  output = launch.output_file(_OUTPUT.value, ".json")
  picture = launch.output_file(_PICTURE.value, ".png")
  runs = information_log.collect(_named(arguments))
  records = {name: run["records"] for name, run in runs.items()}
  figure = plots.information(records)
  json_file.write(output, runs)
  figure.savefig(picture)
  print(f"{output}\n{picture}")


def _named(arguments: list[str]) -> dict[str, str]:
  pairs = [argument.partition("=") for argument in arguments]
  for argument, (name, _, folder) in zip(arguments, pairs):
    if not (name and folder):
      raise UserError(f"{argument!r} must be NAME=FOLDER of a run")
  names = [name for name, _, _ in pairs]
  if twice := {name for name in names if names.count(name) > 1}:
    raise UserError(
      f"each run must have a name of its own; {', '.join(twice)} is there twice"
    )
  return {name: folder for name, _, folder in pairs}


if __name__ == "__main__":
  launch.run(main)
