"""Scores a run's newest checkpoint and writes its pictures and report.

python -m experiments.evaluate --workdir=runs/compact [--num_images=20000]
"""

import cascade_jax  # noqa: F401, I001  first: sets flags that jax reads

from absl import flags

from cascade_jax import evaluate, report
from experiments import launch

_WORKDIR = flags.DEFINE_string(
  "workdir", None, "Folder of the run.", required=True
)
_NUM_IMAGES = flags.DEFINE_integer(
  "num_images",
  None,
  "Evaluate on a random sample of so many images; 0 for all. Default: as the "
  "config says.",
)


def main(unused: list[str]) -> None:
  """Writes evaluation.json, the pictures and report.html; prints the scores."""
  results = evaluate.evaluate_run(_WORKDIR.value, _NUM_IMAGES.value)
  page = report.write_report(_WORKDIR.value)
  for name in ("disentanglement_score", "classification_accuracy"):
    if results[name] is not None:
      print(f"{name.replace('_', ' '):24} {results[name]:.4f}")
  print(f"{'on':24} {results['num_images']} images, step {results['step']}")
  print(f"{'report':24} {page}")


if __name__ == "__main__":
  launch.run(main)
