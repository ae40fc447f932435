r"""Ranks models without labels, by how their codes resemble each other's: UDR.

  python -m experiments.rank runs/mine/seed_*/codes.npz \
    [--similarity=lasso] [--output=ranking.json]

The files must describe the same examples; `python -m experiments.evaluate`
writes such files. They need `means` and no labels. Dimensions with a `kl` of
0.01 nats or less don't count; without `kl`, all do (see
`python -m experiments.score --help`). The score is that of Duan et al. 2020, as
`cascade_jax/metrics/udr.py` defines it.
"""

from absl import flags

from cascade_jax.commands.arguments import optional_json_file
from cascade_jax.evaluation import ranking
from cascade_jax.runs import json_file

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the similarity and the output."""
  flags.DEFINE_enum(
    "similarity",
    "spearman",
    ["spearman", "lasso"],
    "Similarity of two models' dimensions.",
  )
  flags.DEFINE_string("output", None, "JSON file for the ranking.")


def main(arguments: list[str]) -> None:
  """Prints the table, the best model first; writes the JSON file."""
  output = optional_json_file(FLAGS.output)
  result = ranking.rank_files(arguments, FLAGS.similarity)
  print(ranking.to_markdown(result))
  if len(arguments) == 2:
    print("\nTwo are no ranking: each has the score of their one pair.")
  if output:
    json_file.write(output, ranking.to_json(result))
