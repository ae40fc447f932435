r"""CascadeVAE on images of your own: a schedule that fits any number of steps.

  python -m experiments.train --config=experiments/configs/own.py \
    --workdir=runs/own --config.data.name=arrays --config.data.path=mine.npz \
    [--config.num_steps=20000] [--config.num_categories="(5,)"]

A phase of the cascade takes a tenth of the steps, so all dimensions are open
after m of the ten (choose m below 10, or shorter phases). What to set for your
data: `num_categories` to the number of classes that you expect,
`num_continuous` to more than the number of continuous factors (those that are
left over stay unused), and the KL weights, which `experiments.worth` measures.
"""

import ml_collections

from cascade_jax import config as config_lib


def get_config() -> ml_collections.ConfigDict:
  config = config_lib.default()
  config.num_steps = 12_000
  config.num_categories = (10,)
  # A reference, so that --config.num_steps changes the phases with it.
  config.phase_steps = config.get_ref("num_steps") // 10
  config.discrete_start_phase = 0
  config.pairwise_weight = 0.1
  config.learning_rate = 5e-4
  config.log_every = 50
  config.checkpoint_every = 1_000
  return config
