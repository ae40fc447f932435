"""The smallest run that goes through everything, and its data set."""

import ml_collections
import numpy as np

from cascade_jax import config as config_lib
from cascade_jax import data
from cascade_jax.data.streamed_images import StreamedImages, streamed_dataset


def tiny_config() -> ml_collections.ConfigDict:
  """Returns a run of eight steps through phases and the code's start."""
  config = config_lib.default()
  config.data.image_size = 16
  config.num_continuous = 3
  config.phase_steps = 2
  config.discrete_start_phase = 1
  config.batch_size = 4
  config.num_steps = 8
  config.log_every = 1
  config.checkpoint_every = 3
  config.learning_rate = 1e-3
  return config


def tiny_dataset(is_streamed: bool = False) -> data.Dataset:
  """Returns 30 random images, 16x16, with two factors."""
  rng = np.random.default_rng(0)
  images = rng.integers(0, 2, (30, 16, 16, 1), dtype=np.uint8)
  make, pixels = data.from_arrays, images
  if is_streamed:
    make = streamed_dataset
    pixels = StreamedImages(lambda indices: 255 * images[indices], len(images))
  return make(
    "tiny",
    pixels,
    factors=np.stack([np.arange(30) % 3, np.arange(30) // 3], axis=1),
    factor_names=("shape", "x"),
    class_factor="shape",
  )
