"""The copy of a data set that training and evaluation gather batches from.

Shapes: N images of H W C, B batch.
"""

import dataclasses
import functools
import math

import jax
import numpy as np

from cascade_jax.data.dataset import Dataset, unpack
from cascade_jax.errors import UserError
from cascade_jax.sharding import Spread
from cascade_jax.types import Batch


@functools.partial(
  jax.tree_util.register_dataclass,
  data_fields=["rows", "classes"],
  meta_fields=["image_shape", "bits"],
)
@dataclasses.dataclass(frozen=True)
class DeviceDataset:
  """Packed images on the devices, and the true classes where they are used.

  Attributes:
    rows: `[N, ...]` uint8, packed as in `Dataset.images`.
    classes: `[N]` int32; None for methods without supervision.
    image_shape: H, W, C.
    bits: of a pixel, as in `Dataset`.
  """

  rows: jax.Array
  classes: jax.Array | None
  image_shape: tuple[int, int, int]
  bits: int

  def __len__(self) -> int:
    """Returns N."""
    return len(self.rows)

  def batch(self, indices: jax.Array | np.ndarray) -> Batch:
    """Gathers the images (and classes) of indices `[B]`; for use inside jit."""
    images = unpack(self.rows[indices], self.image_shape, self.bits)
    classes = None if self.classes is None else self.classes[indices]
    return Batch(images, classes)


def to_device(
  dataset: Dataset, spread: Spread, classes: np.ndarray | None = None
) -> DeviceDataset:
  """Returns the copy of a data set on all devices of a spread.

  On a CPU, images in aligned memory (`dataset.empty_images`) are not copied.

  Args:
    dataset: on the host.
    spread: says which devices.
    classes: `[N]`, for supervised methods; see `true_classes`.
  """
  return DeviceDataset(
    rows=spread.share(dataset.images),
    classes=None if classes is None else spread.share(classes),
    image_shape=dataset.image_shape,
    bits=dataset.bits,
  )


def true_classes(
  dataset: Dataset, num_categories: tuple[int, ...]
) -> np.ndarray:
  """Returns the classes `[N]` int32 that a supervised method learns from.

  Args:
    dataset: whose `class_factor` is used.
    num_categories: of the method's discrete variables; () for any number.

  Raises:
    UserError: the data set has no classes, or more than there are categories.
  """
  if dataset.classes is None:
    raise UserError(
      "config.method learns from the true classes, but data set "
      f"{dataset.name!r} has none; name its class_factor, or use a method "
      "without supervision"
    )
  classes = dataset.classes.astype(np.int32)
  if num_categories and classes.max() >= math.prod(num_categories):
    raise UserError(
      f"config.num_categories is {num_categories}, but the classes of data set "
      f"{dataset.name!r} go up to {classes.max()}, from 0"
    )
  return classes
