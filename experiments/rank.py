r"""Ranks models without labels, by how their codes resemble each other's: UDR.

  python -m experiments.rank runs/mine/seed_*/codes.npz \
    [--similarity=lasso] [--output=ranking.json]

Of the same examples each: `experiments.evaluate` writes such files. They need
`means` and no labels; dimensions with a `kl` of 0.01 nats or less don't count,
and without `kl` all do (see `experiments.score --help`). Duan et al. 2020; what
the score is stands in `cascade_jax/metrics/udr.py`.
"""

import cascade_jax  # noqa: F401, I001  first: sets flags that jax reads

import pathlib

import numpy as np
from absl import flags

from cascade_jax.runs import json_file
from cascade_jax.runs.provenance import provenance
from cascade_jax.metrics import (
  MetricInputs,
  codes_file,
  unsupervised_disentanglement_ranking,
)
from cascade_jax.errors import UserError
from experiments import launch

_SIMILARITY = flags.DEFINE_enum(
  "similarity", "spearman", ["spearman", "lasso"], "Of the models' columns."
)
_OUTPUT = flags.DEFINE_string("output", None, ".json file for the ranking.")


def main(arguments: list[str]) -> None:
  """Prints the table, the best first; writes the JSON."""
  if len(arguments) < 2:
    raise UserError(f"name two files of codes or more, not {arguments}")
  if twice := {name for name in arguments if arguments.count(name) > 1}:
    raise UserError(f"{', '.join(twice)} is named twice")
  output = _OUTPUT.value and launch.output_file(_OUTPUT.value, ".json")
  each = [codes_file.read(pathlib.Path(name)) for name in arguments]
  _check(arguments, each)
  found = unsupervised_disentanglement_ranking(
    [given.means for given in each],
    [given.kl for given in each],
    similarity=_SIMILARITY.value,
  )
  print(f"| codes | UDR ({_SIMILARITY.value}) | informative dimensions |")
  print("|---|---|---|")
  for k in np.argsort(-found.scores, kind="stable"):
    row = arguments[k], f"{found.scores[k]:.4f}", found.num_informative[k]
    print(f"| {' | '.join(map(str, row))} |")
  if len(arguments) == 2:
    print("\nTwo are no ranking: each has the score of their one pair.")
  if output:
    content = {
      "protocol": "UDR, Duan et al. 2020: median over the other models; of "
      "dimensions with a KL above 0.01 nats, or all where there is no KL.",
      "similarity": _SIMILARITY.value,
      "num_examples": each[0].num_examples,
      "scores": dict(zip(arguments, found.scores.tolist())),
      "num_informative": dict(zip(arguments, found.num_informative.tolist())),
      "pairs": {
        f"{arguments[i]} with {arguments[j]}": found.pairwise[i, j].item()
        for i, j in zip(*np.nonzero(np.isfinite(found.pairwise)))
      },
      **provenance(),
    }
    json_file.write(output, content)


def _check(names: list[str], each: list[MetricInputs]) -> None:
  for name, given in zip(names, each):
    if given.means is None:
      raise UserError(f"{name} must hold means")
    if given.num_examples != each[0].num_examples:
      raise UserError(
        f"{name} is of {given.num_examples} examples, {names[0]} of "
        f"{each[0].num_examples}; only codes of the same ones can be compared"
      )
    if not np.array_equal(given.factors, each[0].factors):
      raise UserError(
        f"{name} and {names[0]} are codes of other examples (their factors "
        "differ); only codes of the same ones can be compared"
      )


if __name__ == "__main__":
  launch.run(main)
