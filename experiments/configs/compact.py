r"""CascadeVAE in minutes on a CPU: 32x32 images, a turn of 37 degrees.

  python -m experiments.train --config=experiments/configs/compact.py \
    --workdir=runs/compact [--config.seed=3]

The data are not all of dSprites: 2x2 pixel means (grey 32x32 images), and the
first 5 of the 40 orientations, 0 to 37 degrees, so 92,160 images. With all
orientations no short schedule was found whose categories are the shapes: two
of them take two orientations of the ellipse, and squares and hearts share the
third. Given position and size, shape is the best split into three only while
the ellipse turns by less than about 60 degrees.

What else differs from the paper's run, and why:

- m = 4, as in the paper's other table: each dimension has something to do.
- beta_high 3, beta_low 0.2: reconstruction is a quarter of what it is at
  64x64. With beta_high 5 or more the fourth dimension is dead (KL 0) when it is
  opened, and in a short run it doesn't come back.
- The code starts at phase 3, when position and size are open and orientation
  is not.
- pairwise_weight 1.0: the paper's 0.001 is not felt. Categories as unequal as
  squares with hearts (2/3), and halves of the ellipses (1/6 each), cost more.
- learning_rate 7e-4 and phases of 1,200 steps.

Seeds 0 to 2 were tuned on; the scores of seeds 3 to 7 are in BUILD.md.
"""

from cascade_jax import config as config_lib


def get_config():
  config = config_lib.default()
  config.data.image_size = 32
  config.data.downsample = "mean"
  config.data.num_orientations = 5
  config.num_continuous = 4
  config.beta_low = 0.2
  config.beta_high = 3.0
  config.phase_steps = 1_200
  config.discrete_start_phase = 3
  config.pairwise_weight = 1.0
  config.learning_rate = 7e-4
  config.num_steps = 7_200
  config.log_every = 50
  config.checkpoint_every = 1_000
  return config
