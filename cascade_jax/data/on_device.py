"""The copy of a data set that training and evaluation gather batches from.

Shapes: N images of H W C, B batch.
"""

import contextlib
import dataclasses
import functools
import math
from collections.abc import Iterator

import jax
import numpy as np

from cascade_jax.activity import activity
from cascade_jax.array_files import memory
from cascade_jax.array_files.damage import named
from cascade_jax.data.dataset import Dataset, is_aligned, unpack
from cascade_jax.data.read_ahead import ReadAhead
from cascade_jax.data.streamed_images import StreamedImages
from cascade_jax.errors import UserError
from cascade_jax.sharding import Spread
from cascade_jax.types import Batch

_PART = 2**24  # bytes of the rows that `StreamedDataset.parts` puts there


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

  def part(self, indices: np.ndarray) -> tuple["DeviceDataset", np.ndarray]:
    """Returns a data set with the images of indices `[...]`, and their places.

    The places are what `batch` takes instead of the indices: here, themselves.
    """
    return self, indices

  def parts(
    self, batches: np.ndarray
  ) -> Iterator[tuple["DeviceDataset", np.ndarray]]:
    """Yields parts that together have the batches `[n, B]`, in order."""
    yield self, batches


@dataclasses.dataclass(frozen=True)
class StreamedDataset:
  """The same of images on disk: the devices get those that they need next.

  Attributes:
    images: on disk.
    classes: `[N]` int32, on the host; None for methods without supervision.
    spread: says which devices.
  """

  images: StreamedImages
  classes: np.ndarray | None
  spread: Spread

  def __len__(self) -> int:
    """Returns N."""
    return len(self.images)

  def part(self, indices: np.ndarray) -> tuple[DeviceDataset, np.ndarray]:
    """Reads images; see `DeviceDataset.part`."""
    return self._put(self.images[indices], indices)

  def parts(
    self, batches: np.ndarray
  ) -> Iterator[tuple[DeviceDataset, np.ndarray]]:
    """Yields parts, while the next ones are read; see `DeviceDataset.parts`.

    A part has two batches or more if the whole has: XLA need not compile a loop
    over a single one to the same sums.
    """
    num_bytes = batches.size * math.prod(self.images.image_shape)
    num_parts = min(-(-num_bytes // _PART), max(1, len(batches) // 2))
    pieces = np.array_split(batches, num_parts)
    ahead = ReadAhead(lambda k: self.images[pieces[k]], num_parts)
    with contextlib.closing(ahead):
      for k, piece in enumerate(pieces):
        yield self._put(ahead[k], piece)

  def own_images(self, batches: np.ndarray) -> np.ndarray:
    """Reads the share of this process of batches `[..., B]`.

    Returns:
      `[parts, ..., B / num_devices, row]` uint8, of `Spread.own_parts`.
    """
    shares = np.split(batches, self.spread.num_devices, axis=-1)
    own = [shares[part] for part in self.spread.own_parts()]
    return self.images[np.stack(own)]

  def put_shares(
    self, own: np.ndarray, batches: np.ndarray
  ) -> tuple[DeviceDataset, np.ndarray]:
    """Puts what each process has read on its devices, as a part of all batches.

    Args:
      own: of this process, from `own_images`.
      batches: `[..., B]`, the indices of all.

    Returns:
      As `part`.
    """
    in_order = np.stack(np.split(batches, self.spread.num_devices, axis=-1))
    of_parts = own.reshape(len(own), -1, *own.shape[in_order.ndim :])
    places = np.arange(batches.size, dtype=np.int32).reshape(in_order.shape)
    part = self._of_rows(self.spread.scatter(of_parts), in_order)
    return part, np.concatenate([*places], axis=-1)

  def _put(
    self, rows: np.ndarray, indices: np.ndarray
  ) -> tuple[DeviceDataset, np.ndarray]:
    """Returns the part of `part` from rows `[..., row]` that are read."""
    shared = self.spread.share(rows.reshape(-1, *rows.shape[indices.ndim :]))
    places = np.arange(indices.size, dtype=np.int32)
    return self._of_rows(shared, indices), places.reshape(indices.shape)

  def _of_rows(self, rows: jax.Array, indices: np.ndarray) -> DeviceDataset:
    """Returns rows that are on the devices, with their classes."""
    classes = None
    if self.classes is not None:
      classes = self.spread.share(self.classes[indices.ravel()])
    return DeviceDataset(
      rows, classes, self.images.image_shape, self.images.bits
    )


def to_device(
  dataset: Dataset, spread: Spread, classes: np.ndarray | None = None
) -> DeviceDataset | StreamedDataset:
  """Returns the copy of a data set on all devices of a spread.

  On a CPU, images in aligned memory (`dataset.empty_images`) are not copied.

  Args:
    dataset: on the host, or streamed.
    spread: says which devices.
    classes: `[N]`, for supervised methods; see `true_classes`.

  Raises:
    UserError: the images don't fit into the memory of a device.
  """
  if isinstance(dataset.images, StreamedImages):
    return StreamedDataset(dataset.images, classes, spread)
  for device in spread.mesh.local_devices:
    if not (device.platform == "cpu" and is_aligned(dataset.images)):
      with named(dataset.name):
        memory.check_fits(dataset.images.nbytes, _free_on(device))
  with activity("copying the images to the devices", announced=False):
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


def _free_on(device: jax.Device) -> int | None:
  """Returns the bytes that are free on a device; None if unknown."""
  if device.platform == "cpu":
    return memory.free_on_host()
  stats = device.memory_stats()
  if not stats or "bytes_limit" not in stats:
    return None
  return stats["bytes_limit"] - stats.get("bytes_in_use", 0)
