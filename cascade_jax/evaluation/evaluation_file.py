"""The file `evaluation.json` of a run: its scores and what explains them."""

import pathlib

from cascade_jax.errors import UserError
from cascade_jax.evaluation import scores
from cascade_jax.runs import json_file

NAME = "evaluation.json"

KIND = json_file.Kind(
  "evaluation",
  {
    "step": int,
    "seed": int,
    "dataset": str,
    "num_images": int,
    "kl": ([float], None),
    "protocol": {str: str},
    **{f"{name}?": (float, None) for name in scores.NAMES},
    "reconstruction?": float,
    "elbo_at_mean?": (float, None),
    "information?": {str: (float, [float])},
    "votes?": [[int]],
    "vote_columns?": [str],
    "vote_factors?": [str],
    "column_factors?": [(str, None)],
    "confusion?": [[int]],
    "relabelling?": [int],
    "class_names?": [str],
    "class_variable?": int,
    "metrics?": {str: float},
    "metrics_images?": int,
    "metrics_left_out?": {str: str},
    "metrics_cautions?": {str: str},
    "metrics_protocol?": {str: str},
    "merits?": {str: (float, None)},
    "seconds?": float,
  },
  "make it again with python -m experiments.evaluate --workdir={folder}",
)
_TOGETHER = (
  ("votes", "vote_columns", "vote_factors"),
  ("confusion", "relabelling", "class_names"),
  ("metrics", "metrics_images"),
  ("merits", "information", "reconstruction", "elbo_at_mean"),
)


def read(folder: pathlib.Path) -> dict:
  """Reads the evaluation of a run; {} if there is none.

  Raises:
    UserError: the file is damaged, or no evaluation.
  """
  path = folder / NAME
  if not path.exists():
    return {}
  content = json_file.read(path, KIND)
  for first, *others in _TOGETHER:
    missing = [key for key in others if key not in content]
    if first in content and missing:
      remedy = KIND.remedy.format(folder=folder)
      raise UserError(
        f"{path} has {first}, but no {', '.join(missing)}; {remedy}"
      )
  return content
