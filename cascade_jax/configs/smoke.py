r"""Seconds, for tests: every part of a run and nothing learned.

python -m experiments.train --config=experiments/configs/smoke.py \
    --workdir=runs/smoke
"""

import ml_collections

from cascade_jax.configs import upright


def get_config() -> ml_collections.ConfigDict:
  config = upright.get_config()
  config.phase_steps = 4
  config.discrete_start_phase = 1
  config.num_steps = 12
  config.batch_size = 8
  config.log_every = 2
  config.checkpoint_every = 5
  config.evaluation_images = 500
  config.evaluate_every_images = 500
  return config
