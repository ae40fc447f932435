"""Scores a run's newest checkpoint and writes its pictures and report.

  python -m experiments.evaluate --workdir=runs/compact [--num_images=20000]

All metrics of cascade_jax.metrics go to evaluation.json: both disentanglement
scores, accuracy, NMI and ARI on all images (of --num_images), the others on at
most 10,000 of them, whose codes go to codes.npz, which
`python -m experiments.score` reads. Merits, which need no labels, go there too;
`python -m experiments.rank` compares those of several runs. In a run of several
replicas, each one is scored and reported in its own folder, and the table of
all goes to summary.json.

report.html links to explore.html, in which one explores the model; see
`python -m experiments.explore`.
"""

import pathlib

from absl import flags

from cascade_jax import explore, report
from cascade_jax.commands.arguments import define_run, refuse_words, run_folder
from cascade_jax.evaluation import evaluate, listing, summary
from cascade_jax.runs import json_file, log_file, workdir
from cascade_jax.training import replicas

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the run's folder and the number of images."""
  define_run()
  flags.DEFINE_integer(
    "num_images",
    None,
    "Evaluate on a random sample of so many images; 0 for all. Default: as "
    "the config says.",
    lower_bound=0,
  )
  flags.DEFINE_bool(
    "rebuild_log",
    False,
    "Replace a damaged metrics.jsonl by its whole lines, and by those in which "
    "a single bit is wrong, corrected. The damaged file is kept as a backup.",
  )


def main(arguments: list[str]) -> None:
  """Writes evaluation.json, the pictures and report.html; prints the scores."""
  refuse_words(arguments)
  folder = pathlib.Path(run_folder()).expanduser().resolve()
  config = workdir.read_config(folder)
  folders = replicas.folders(folder, config)
  if FLAGS.rebuild_log:
    replicas.rebuild_logs(folder, config)
  for replica in folders:
    log_file.read(replica)  # a damaged one is refused before the long work
  with evaluate.opened(folders, FLAGS.num_images, all_metrics=True) as (
    paths,
    evaluator,
  ):
    evaluations = [
      explore.evaluate_and_explore(evaluator, path) for path in paths
    ]
  pages = [report.write_report(replica) for replica in folders]
  if len(folders) > 1:
    table = summary.summarise(folders)
    json_file.write(folder / "summary.json", summary.KIND, table)
    print(summary.to_markdown(table))
  else:
    print(listing.to_text(evaluations[0]))
  print(listing.images_line(evaluations[0]))
  for page in pages:
    print(listing.line("report", page))
