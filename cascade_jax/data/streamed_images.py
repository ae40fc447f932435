"""Images that stay on disk, and are read when they are asked for.

Shapes: N images of H x W pixels in C channels.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from cascade_jax.data.dataset import Dataset, pack, with_factors
from cascade_jax.data.pixels import are_binary

_BLOCK = 2**22  # pixels, all channels


class StreamedImages:
  """What `Dataset.images` is if the images don't fit into memory.

  Indexed by an array of indices, it gives the rows that the array of all images
  would give, bit for bit.

  Args:
    levels_of: reads the images of indices `[n]`: `[n, H, W, C]` uint8, 0 to
      255. Several threads call it at once.
    num_images: N.

  Attributes:
    image_shape: H, W, C.
    bits: per pixel; 1 if all images are binary. To know this, all of them are
      read, or as many as it takes to find a pixel that is neither 0 nor 255.
  """

  def __init__(
    self, levels_of: Callable[[np.ndarray], np.ndarray], num_images: int
  ) -> None:
    self._levels_of = levels_of
    self._num_images = num_images
    height, width, channels = levels_of(np.arange(1)).shape[1:]
    self.image_shape = height, width, channels
    self._block_size = max(1, _BLOCK // (height * width * channels))
    blocks = map(self.block, range(self.num_blocks))
    self.bits = 1 if all(are_binary(levels_of(b)) for b in blocks) else 8

  def __len__(self) -> int:
    """Returns N."""
    return self._num_images

  def __getitem__(self, indices: np.ndarray) -> np.ndarray:
    """Reads the rows `[..., row]` uint8 of indices `[...]`."""
    levels = self._levels_of(indices.ravel())
    rows = pack(levels) if self.bits == 1 else levels
    return rows.reshape(*indices.shape, *rows.shape[1:])

  @property
  def num_blocks(self) -> int:
    """How many blocks of a few megabytes the images are."""
    return -(-self._num_images // self._block_size)

  def block(self, position: int) -> np.ndarray:
    """Returns the indices, which follow each other, of a block."""
    start = position * self._block_size
    return np.arange(start, min(start + self._block_size, self._num_images))


def streamed_dataset(
  name: str, images: StreamedImages, **description: Any
) -> Dataset:
  """Makes a data set of images on disk.

  Args:
    name: the name that the report shows.
    images: on disk.
    **description: of the factors, as for `dataset.from_arrays`.
  """
  dataset = Dataset(name, images, images.image_shape, images.bits)
  return with_factors(dataset, **description)
