r"""Scores anyone's codes: prints a table, and writes the same as JSON.

  python -m experiments.score codes.npz [--metrics=mig,dci] \
    [--output=scores.json] [--resamples=10] [--max_examples=50000]

`codes.npz` (numpy.savez) holds arrays of N examples:

  means       [N, m] the continuous codes, and/or
  categories  [N] or [N, D] integers from 0: the discrete ones, not one-hot.
  factors     [N, F] integers: the true factors, that codes are compared with.
  scales      [N, m] standard deviations of the posterior, not variances; for
              the robust MIG.
  kl          [m] mean KL of each dimension, nats: the paper's disentanglement
              score drops those at or below 0.1.
  classes     [N] integers from 0, that the categories are compared with.

Each metric logs its time when it is done, and every 15 seconds until then. Of a
file with more than 50,000 examples a random sample is scored (--max_examples).
"""

import pathlib

from absl import flags

from cascade_jax.commands import arguments as arguments_lib
from cascade_jax.errors import UserError
from cascade_jax.evaluation import file_scores
from cascade_jax.metrics import METRICS
from cascade_jax.runs import json_file

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the metrics, the intervals and the output."""
  flags.DEFINE_list(
    "metrics",
    None,
    f"Names of metrics ({', '.join(METRICS)}) or of rows of the table. "
    "Default: all that the file has enough arrays for.",
  )
  flags.DEFINE_string("output", None, "JSON file for the scores.")
  flags.DEFINE_integer(
    "resamples",
    10,
    "Number of halves of the examples that intervals are computed from; 0 for "
    "no intervals.",
  )
  flags.DEFINE_integer(
    "max_examples",
    file_scores.MAX_EXAMPLES,
    "Score a random sample of so many examples, always the same one, if the "
    "file holds more; 0 for all.",
    lower_bound=0,
  )
  flags.DEFINE_integer(
    "seed",
    0,
    "Seed of votes, splits and forests.",
    lower_bound=0,
    upper_bound=2**31 - 1,  # scikit-learn takes twice as much
  )


def main(arguments: list[str]) -> None:
  """Prints the table; writes the JSON file."""
  if len(arguments) != 1:
    raise UserError(f"name one file of codes (codes.npz), not {arguments}")
  if FLAGS.resamples < 0 or FLAGS.resamples == 1:
    raise UserError(
      f"--resamples is {FLAGS.resamples}; it must be 2 or more, or 0 for no "
      "intervals"
    )
  output = arguments_lib.optional_json_file(FLAGS.output)
  scores = file_scores.score_file(
    pathlib.Path(arguments[0]).expanduser(),
    FLAGS.metrics,
    FLAGS.resamples,
    FLAGS.seed,
    FLAGS.max_examples,
  )
  print(file_scores.to_text(scores))
  if output:
    json_file.write(output, file_scores.KIND, file_scores.to_json(scores))
