"""Scores a run's newest checkpoint and writes its pictures and report.

python -m experiments.evaluate --workdir=runs/compact [--num_images=20000]

All metrics of cascade_jax.metrics go to evaluation.json: both disentanglement
scores and the accuracy on all images (of --num_images), the others on at most
10,000 of them, whose codes go to codes.npz, for experiments.score. Of a run of
several replicas each one is scored and reported in its own folder, and the
table of all goes to summary.json.
"""

import cascade_jax  # noqa: F401, I001  first: sets flags that jax reads

import pathlib

from absl import flags

from cascade_jax.evaluation import evaluate
from cascade_jax.runs import json_file
from cascade_jax.training import replicas
from cascade_jax import report
from cascade_jax.evaluation import scores
from cascade_jax.evaluation import summary
from cascade_jax.runs import workdir
from experiments import launch

_WORKDIR = flags.DEFINE_string(
  "workdir", None, "Folder of the run.", required=True
)
_NUM_IMAGES = flags.DEFINE_integer(
  "num_images",
  None,
  "Evaluate on a random sample of so many images; 0 for all. Default: as the "
  "config says.",
  lower_bound=0,
)

_ON_ALL = (*scores.NAMES, "reconstruction", "elbo_at_mean")


def main(unused: list[str]) -> None:
  """Writes evaluation.json, the pictures and report.html; prints the scores."""
  folder = pathlib.Path(_WORKDIR.value).expanduser().resolve()
  folders = replicas.folders(folder, workdir.read_config(folder))
  results = evaluate.evaluate_runs(folders, _NUM_IMAGES.value, all_metrics=True)
  pages = [report.write_report(of_one) for of_one in folders]
  if len(folders) > 1:
    table = summary.summarise(folders)
    json_file.write(folder / "summary.json", table)
    print(summary.to_markdown(table))
  else:
    (found,) = results
    _print_scores(found["metrics"])
    if found["metrics"]:
      print(f"{'on':27} {found['metrics_images']} images")
    for name, reason in found["metrics_left_out"].items():
      print(f"{name.replace('_', ' '):27} left out: {reason}")
    print()
    _print_scores({name: found[name] for name in _ON_ALL})
  print(f"{'on':27} {results[0]['num_images']} images, ", end="")
  print(f"step {results[0]['step']}")
  for page in pages:
    print(f"{'report':27} {page}")


def _print_scores(found: dict[str, float | None]) -> None:
  for name, value in found.items():
    if value is not None:
      print(f"{name.replace('_', ' '):27} {value:.4f}")


if __name__ == "__main__":
  launch.run(main)
