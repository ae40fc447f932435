"""XYSquares (Michlo, Klein & James), rendered from its factors.

A red, a green and a blue square, each at one of 8 x 8 places on black: 262,144
images, the grid of six factors in row-major order. A square moves by its own
width, so two of its places never overlap, and the squared distance between two
images says nothing about how far apart they are ("Overlooked Implications of
the Reconstruction Loss for VAE Disentanglement", 2022). Squares of different
colours may share a place, where their colours add up.
"""

import numpy as np

from cascade_jax.data.dataset import Dataset, empty_images, pack
from cascade_jax.data.dsprites import factor_grid
from cascade_jax.errors import UserError

FACTOR_NAMES = ("x_red", "y_red", "x_green", "y_green", "x_blue", "y_blue")
PLACES = 8  # along each axis
_IMAGE_SIZES = (16, 32, 64)


def load(image_size: int = 64) -> Dataset:
  """Renders the data set.

  Args:
    image_size: 64 as in the original, or 32 or 16 for smaller squares.

  Returns:
    The data set, whose images `[262144, S, S, 3]` are binary: 403 MB at 64
    pixels. There is no class.

  Raises:
    UserError: the size is another one.
  """
  if image_size not in _IMAGE_SIZES:
    raise UserError(
      f"data.image_size is {image_size}; XYSquares has images of one of "
      f"{_IMAGE_SIZES} pixels"
    )
  red, green, blue = (_packed_squares(image_size, c) for c in range(3))
  # The channels have no bits in common, so "or" lays them over each other.
  images = empty_images((*(PLACES**2,) * 3, blue.shape[-1]))
  np.bitwise_or((red[:, None] | green)[:, :, None], blue, out=images)
  sizes = (PLACES,) * len(FACTOR_NAMES)
  return Dataset(
    name="XYSquares, rendered"
    + (f", {image_size}x{image_size}" if image_size != 64 else ""),
    images=images.reshape(-1, images.shape[-1]),
    image_shape=(image_size, image_size, 3),
    bits=1,
    factors=factor_grid(sizes),
    factor_names=FACTOR_NAMES,
    factor_sizes=sizes,
  )


def _packed_squares(image_size: int, channel: int) -> np.ndarray:
  """Packs one square at all places, x before y: `[64, bytes of an image]`."""
  width = image_size // PLACES
  images = np.zeros((PLACES, PLACES, image_size, image_size, 3), np.uint8)
  for x, y in np.ndindex(PLACES, PLACES):
    top, left = y * width, x * width
    images[x, y, top : top + width, left : left + width, channel] = 1
  return pack(images.reshape(-1, image_size, image_size, 3))
