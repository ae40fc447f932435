r"""Scores anyone's codes: a table, and the same as JSON.

  python -m experiments.score codes.npz [--metrics=mig,dci] \
    [--output=scores.json] [--resamples=10]

`codes.npz` (numpy.savez) holds arrays of N examples:

  means       [N, m] the continuous codes, and/or
  categories  [N] or [N, D] integers from 0: the discrete ones.
  factors     [N, F] integers: the true factors, that codes are compared with.
  scales      [N, m] standard deviations of the posterior; for the robust MIG.
  kl          [m] mean KL of each dimension, nats: the paper's disentanglement
              score drops those at or below 0.1.
  classes     [N] integers from 0, that the categories are compared with.
"""

import cascade_jax  # noqa: F401, I001  first: sets flags that jax reads

import math
import pathlib
import platform

import numpy as np
import sklearn
from absl import flags

from cascade_jax import json_file
from cascade_jax.metrics import codes_file
from cascade_jax.metrics.catalogue import METRICS, score
from cascade_jax.metrics.codes import fewest_examples
from cascade_jax.metrics.intervals import intervals
from experiments import launch

_METRICS = flags.DEFINE_list(
  "metrics",
  None,
  f"Of {', '.join(METRICS)}. Default: all that the file has enough for.",
)
_OUTPUT = flags.DEFINE_string("output", None, "JSON file for the scores.")
_RESAMPLES = flags.DEFINE_integer(
  "resamples", 10, "Halves that intervals are made of; 0 for no intervals."
)
_SEED = flags.DEFINE_integer("seed", 0, "Of votes, splits and forests.")


_FEW = 20


def main(arguments: list[str]) -> None:
  """Prints the table; writes the JSON."""
  if len(arguments) != 1:
    raise ValueError(f"name one file of codes (codes.npz), not {arguments}")
  path = pathlib.Path(arguments[0]).expanduser()
  given = codes_file.read(path)
  if _RESAMPLES.value:
    found = intervals(given, _METRICS.value, _RESAMPLES.value, _SEED.value)
  else:
    scores = score(given, _METRICS.value, _SEED.value)
    found = {name: (value,) for name, value in scores.items()}
  if not found:
    raise ValueError(
      f"{path} has nothing to score: codes are compared with factors, [N, F] "
      "integers, and categories with classes, [N]"
    )
  print(_to_markdown(found))
  fewest = None
  if given.factors is not None:
    fewest, factor = fewest_examples(given.factors)
    if fewest < _FEW:
      print(
        f"\nFactor {factor} (from 0) has a value with only {fewest} examples. "
        f"Below {_FEW} is few for metrics that fix a factor and vary the rest, "
        "or hold some out."
      )
  if _OUTPUT.value:
    content = {
      "file": path.name,
      "num_examples": given.num_examples,
      "fewest_examples_of_a_value": fewest,
      "given": [name for name, x in given._asdict().items() if x is not None],
      "seed": _SEED.value,
      "resamples": _RESAMPLES.value,
      "versions": {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
      },
      "scores": {
        name: {
          key: None if math.isnan(x) else x
          for key, x in zip(("score", "low", "high"), values)
        }
        for name, values in found.items()
      },
    }
    json_file.write(pathlib.Path(_OUTPUT.value).expanduser(), content)


def _to_markdown(found: dict[str, tuple[float, ...]]) -> str:
  """A row a score, with its interval where there is one."""
  lines = ["| score | value | 95 % interval |", "|---|---|---|"]
  for name, (value, *ends) in found.items():
    interval = " to ".join(f"{end:.4f}" for end in ends)
    lines.append(f"| {name.replace('_', ' ')} | {value:.4f} | {interval} |")
  return "\n".join(lines)


if __name__ == "__main__":
  launch.run(main)
