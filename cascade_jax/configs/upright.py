r"""Every method in minutes on a CPU: 32x32 images of one orientation.

  python -m experiments.train --config=experiments/configs/upright.py \
    --workdir=runs/upright [--config.seed=3]              # CascadeVAE
  python -m experiments.train \
    --config=experiments/configs/upright.py:factor_vae --workdir=runs/factor

Grey 32x32 images, made of 2x2 pixel means of dSprites' first orientation:
18,432 images of 4 factors, shape, scale, x and y. compact.py has all 40
orientations. With them, no schedule of minutes was found whose categories are
the shapes, but for the recipe of docs/dependable.md (docs/upright.md tells what
was tried, and how far 5 orientations came).

What else differs from the paper's CascadeVAE, and why:

- m = 4, as in the paper's other table; one dimension is left over.
- beta_low 0.2 instead of 1.0: reconstruction is a quarter of what it is at
  64x64. beta_high stays at 10: with less, x, y and scale mix.
- The code starts at phase 3, when three dimensions are open.
- pairwise_weight 1.0: the paper's 0.001 is not felt. Categories of unequal size
  (squares with hearts, the ellipses split) cost more than the three shapes.
- learning_rate 7e-4 and phases of 2,000 steps.

Seeds 0 to 2 were tuned on; the scores of seeds 3 to 7 are in docs/results.md.

The other methods have the same data, steps and learning rate, and batches of 64
(FactorVAE two of them, the halves of 128). Their settings are those of the best
of nine trials each, the schedules stretched from the trials' 5,000 steps to
10,000 (docs/methods_trials.md). Discriminators have 300 units instead of 1000.
Only the cascades have an L2 penalty.
"""

import ml_collections

from cascade_jax import config as config_lib
from cascade_jax.configs import variants

VARIANTS: dict[str, dict] = {
  "cascade_vae": {"num_continuous": 4},
  "cascade_vae_c": {
    "num_continuous": 6,
    "beta_high": 20.0,
    "phase_steps": 1_600,
  },
  "beta_vae": {"num_continuous": 6, "beta_vae.beta": 1.0},
  "beta_vae_annealed": {
    "num_continuous": 6,
    "beta_vae.capacity": 10.0,
    "beta_vae.capacity_steps": 8_000,
    "beta_vae.gamma": 100.0,
  },
  "beta_tcvae": {"num_continuous": 6, "beta_tcvae.beta": 3.0},
  "factor_vae": {
    "num_continuous": 6,
    "batch_size": 128,
    "factor_vae.gamma": 35.0,
    "factor_vae.discriminator_units": 300,
  },
  "joint_vae": {
    "num_continuous": 6,
    "joint_vae.gamma": 10.0,
    "joint_vae.capacity_continuous": 10.0,
    "joint_vae.capacity_steps": 8_000,
  },
  "aae": {
    "num_continuous": 4,
    "aae.discriminator_units": 300,
    "aae.discriminator_learning_rate": 7e-4,
    "aae.encoder_learning_rate": 7e-4,
  },
  "aae_s": {"num_continuous": 3, "aae.discriminator_units": 300},
}


def get_config(variant: str = "cascade_vae") -> ml_collections.ConfigDict:
  settings = variants.settings(VARIANTS, variant)
  config = config_lib.default()
  config.method = variant.removesuffix("_annealed")
  config.data.image_size = 32
  config.data.downsample = "mean"
  config.data.num_orientations = 1
  config.beta_low = 0.2
  config.beta_high = 10.0
  config.phase_steps = 2_000
  config.discrete_start_phase = 3
  config.pairwise_weight = 1.0
  config.learning_rate = 7e-4
  config.num_steps = 10_000
  config.log_every = 50
  config.checkpoint_every = 1_000
  if config.method not in ("cascade_vae", "cascade_vae_c"):
    config.weight_penalty = 0.0
  config.update_from_flattened_dict(settings)
  return config
