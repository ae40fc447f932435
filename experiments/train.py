r"""Trains, scores and reports one run.

  python -m experiments.train --config=experiments/configs/compact.py \
    --workdir=runs/compact [--config.seed=3] [--config.num_replicas=10]

The same command again goes on where the run stopped. At the end the workdir
holds evaluation.json and report.html; of several replicas, a folder for each
seed does, and the workdir summary.json.
"""

import cascade_jax  # noqa: F401, I001  first: sets flags that jax reads

from absl import flags
from ml_collections import config_flags

from cascade_jax.training import loop
from experiments import evaluate, launch

_CONFIG = config_flags.DEFINE_config_file(
  "config", None, "Config file, such as experiments/configs/compact.py."
)
flags.mark_flag_as_required("config")


def main(unused: list[str]) -> None:
  """Trains, then evaluates, by the flags of `experiments.evaluate`."""
  loop.train(_CONFIG.value, flags.FLAGS.workdir)
  evaluate.main(unused)


if __name__ == "__main__":
  launch.run(main)
