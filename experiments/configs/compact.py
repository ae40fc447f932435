r"""CascadeVAE in minutes on a CPU: 32x32 images, nothing turned.

  python -m experiments.train --config=experiments/configs/compact.py \
    --workdir=runs/compact [--config.seed=3]

NOT all of dSprites: 2x2 pixel means (grey 32x32 images), and only the first of
the 40 orientations, so 18,432 images of 4 factors: shape, scale, x, y. With all
orientations no schedule of minutes was found whose categories are the shapes
(docs/compact.md tells what was tried, and how far 5 orientations came).

What else differs from the paper's run, and why:

- m = 4, as in the paper's other table; one dimension is left over.
- beta_low 0.2 instead of 1.0: reconstruction is a quarter of what it is at
  64x64. beta_high stays at 10: with less, x, y and scale mix.
- The code starts at phase 3, when three dimensions are open.
- pairwise_weight 1.0: the paper's 0.001 is not felt. Categories of unequal size
  (squares with hearts, the ellipses split) cost more than the three shapes.
- learning_rate 7e-4 and phases of 2,000 steps.

Seeds 0 to 2 were tuned on; the scores of seeds 3 to 7 are in BUILD.md.
"""

from cascade_jax import config as config_lib


def get_config():
  config = config_lib.default()
  config.data.image_size = 32
  config.data.downsample = "mean"
  config.data.num_orientations = 1
  config.num_continuous = 4
  config.beta_low = 0.2
  config.beta_high = 10.0
  config.phase_steps = 2_000
  config.discrete_start_phase = 3
  config.pairwise_weight = 1.0
  config.learning_rate = 7e-4
  config.num_steps = 10_000
  config.log_every = 50
  config.checkpoint_every = 1_000
  return config
