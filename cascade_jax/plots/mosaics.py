"""Mosaics: images side by side without labels, for a page that writes these.

They have the pixels of the images themselves, which the page enlarges.

Shapes: R rows, K columns, H W C image.
"""

import io

import numpy as np

from cascade_jax.plots import plates

MAX_SIDE = 16_383  # pixels of an image in the WebP format
_QUALITY = 80  # of 100; the pictures are to be looked at, not measured


def mosaic(images: np.ndarray) -> np.ndarray:
  """Returns the pixels of images in rows and columns, with a thin gap.

  Args:
    images: `[R, K, H, W, C]` in [0, 1], C = 1 or 3.

  Returns:
    `[R * (H + gap), K * (W + gap), 3]` uint8. The gap is below and to the right
    of each image.

  Raises:
    UserError: images of another number of channels.
  """
  rows, columns, height, width, _ = images.shape
  cell = height + gap(height), width + gap(height)
  pixels = plates.background(rows * cell[0], columns * cell[1])
  cells = pixels.reshape(rows, cell[0], columns, cell[1], 3)
  enlarged_once = plates.to_pixels(images, target=height)
  cells[:, :height, :, :width] = enlarged_once.swapaxes(1, 2)
  return pixels


def gap(height: int) -> int:
  """Returns the pixels between images of this height."""
  return max(1, round(height / 28))


def to_webp(pixels: np.ndarray) -> bytes:
  """Returns the content of a WebP file of pixels `[h, w, 3]` uint8."""
  from PIL import Image

  file = io.BytesIO()
  Image.fromarray(pixels).save(file, format="webp", quality=_QUALITY)
  return file.getvalue()
