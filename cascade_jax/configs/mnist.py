r"""MNIST and Fashion-MNIST: real images of ten classes, minutes on a CPU.

  python -m experiments.train --config=experiments/configs/mnist.py \
    --workdir=runs/mnist --config.data.path=mnist/train-images-idx3-ubyte

The path names a file of images in MNIST's own format, with the file of labels
beside it, which are used for scores only. The settings are those of own.py,
for 6,000 steps; nothing was tuned on either data set. docs/tutorials/
your_images.md has the scores of five seeds, and of k-means on the pixels.
"""

import ml_collections

from cascade_jax.configs import own


def get_config() -> ml_collections.ConfigDict:
  config = own.get_config()
  config.data.name = "idx"
  config.data.fit = "pad"  # from 28x28 to 32x32 pixels
  config.num_steps = 6_000
  config.evaluation_images = 10_000
  return config
