"""The images of a data set on the host, unpacked when they are read."""

import numpy as np

from cascade_jax.data.dataset import Dataset


class HostImages:
  """The images as rows of an array in [0, 1], `[N, H, W, C]`.

  Only the rows that are asked for are unpacked: all of dSprites would be 3 GB.
  """

  def __init__(self, dataset: Dataset) -> None:
    self._dataset = dataset

  def __len__(self) -> int:
    """Returns N."""
    return len(self._dataset.images)

  def __getitem__(self, indices: np.ndarray) -> np.ndarray:
    """Returns the images of indices `[n]`: uint8 if binary, else float32."""
    rows, shape = self._dataset.images[indices], self._dataset.image_shape
    if self._dataset.bits == 8:
      return rows.astype(np.float32) / 255
    size = int(np.prod(shape))
    pixels = np.unpackbits(rows, axis=1, count=size, bitorder="little")
    return pixels.reshape(-1, *shape)
