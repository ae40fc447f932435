r"""MNIST and Fashion-MNIST: real images of ten classes, minutes on a CPU.

  python -m experiments.train --config=experiments/configs/mnist.py \
    --workdir=runs/mnist --config.data.path=mnist/train-images-idx3-ubyte
  python -m experiments.train --config=experiments/configs/mnist.py:fashion \
    --workdir=runs/fashion --config.data.path=fashion/train-images-idx3-ubyte

The path names a file of images in MNIST's own format, with the file of labels
beside it, which are used for scores only. Two variants:

- `mnist`, the default: the settings of own.py, 6,000 steps; nothing was tuned.
- `fashion`: found on seed 0 of Fashion-MNIST. Its categories are of about equal
  size (a large pairwise weight), few dimensions, each at twice the KL weight,
  leave the categories something to tell, and it ends after 2,400 steps, since
  the dimensions go on to take that over.

docs/tutorials/your_images.md has the scores, beside k-means on the pixels.
"""

import ml_collections

from cascade_jax.configs import own, variants

VARIANTS: dict[str, dict] = {
  "mnist": {},
  "fashion": {
    "num_continuous": 2,
    "beta_low": 2.0,
    "beta_high": 20.0,
    "pairwise_weight": 5.0,
    "num_steps": 2_400,
    "phase_steps": 600,
  },
}


def get_config(variant: str = "mnist") -> ml_collections.ConfigDict:
  settings = variants.settings(VARIANTS, variant)
  config = own.get_config()
  config.data.name = "idx"
  config.data.fit = "pad"  # from 28x28 to 32x32 pixels
  config.num_steps = 6_000
  config.evaluation_images = 10_000
  config.update_from_flattened_dict(settings)
  return config
