r"""Ranks runs by merits that need no labels, and tells how well these rank.

  python -m experiments.rank runs/mine/seed_* [--merit=elbo_at_mean] \
    [--output=ranking.json]
  python -m experiments.rank mine/*.npz [--similarity=lasso]

The first form is of runs that `python -m experiments.evaluate` has evaluated,
all on the same images. It prints every merit of every run, the best run first.
If the data set has labels, a second table holds Spearman's rank correlation of
each merit with each score, its 95 % bootstrap interval, and the score of the
run that the merit would have chosen.

The second form is of files of codes of the same examples, with `means` and no
need for labels (see `python -m experiments.score --help`). These have the two
merits that compare models with each other: UDR (Duan et al. 2020) and
ModelCentrality (Lin et al. 2020). docs/metrics.md explains all merits.
"""

from absl import flags

from cascade_jax.commands.arguments import optional_json_file
from cascade_jax.evaluation import merits, ranking, ranking_tables
from cascade_jax.runs import json_file

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the merit, the similarity and the output."""
  flags.DEFINE_enum(
    "merit", "udr", list(merits.MERITS), "Merit that orders the runs."
  )
  flags.DEFINE_enum(
    "similarity",
    "spearman",
    ["spearman", "lasso"],
    "Similarity of two models' dimensions, for the UDR.",
  )
  flags.DEFINE_string("output", None, "JSON file for the ranking.")


def main(arguments: list[str]) -> None:
  """Prints the tables, the best run first; writes the JSON file."""
  output = optional_json_file(FLAGS.output)
  result = ranking.rank(arguments, FLAGS.similarity)
  print(ranking_tables.to_markdown(result, FLAGS.merit))
  if len(arguments) == 2:
    print(
      "\nTwo are no ranking by UDR or ModelCentrality: each has the score of "
      "their one pair."
    )
  if output:
    content = ranking_tables.to_json(result, FLAGS.merit)
    json_file.write(output, ranking_tables.KIND, content)
