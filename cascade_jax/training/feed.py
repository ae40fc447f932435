"""The images of a run's steps, in the order that seeds and steps give.

Of images on disk, each process reads those that its own devices need.

Shapes: R replicas, n steps, B batch.
"""

import math
import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cascade_jax import data

# Of the images of the steps of one call, which are on a device together.
_MOST_BYTES = 2**28


class StepImages(NamedTuple):
  """The images of some steps."""

  indices: np.ndarray  # [R, n, B] int32 in the whole data set
  part: data.DeviceDataset  # holds them
  places: np.ndarray  # [R, n, B] int32 in this part


class Feed:
  """Gives each step its images; those on disk are read ahead of the steps.

  Which images a step gets depends on the seeds and the step alone, so nothing
  of this is saved with a run.

  Args:
    dataset: on the devices, or streamed.
    seeds: of the replicas.
    batch_size: B.
    num_steps: of the run.
  """

  def __init__(
    self,
    dataset: data.DeviceDataset | data.StreamedDataset,
    seeds: Sequence[int],
    batch_size: int,
    num_steps: int,
  ) -> None:
    self._dataset = dataset
    self._seeds = seeds
    self._batch_size = batch_size
    self._drawing = threading.Lock()
    if isinstance(dataset, data.StreamedDataset):
      self._ahead = data.ReadAhead(
        lambda step: dataset.own_images(self._indices_in_turn(step)), num_steps
      )

  def most_steps(self, wanted: int) -> int:
    """Returns how many of the wanted steps get their images in one call."""
    if isinstance(self._dataset, data.DeviceDataset):
      return wanted
    images = self._batch_size * len(self._seeds)
    fit = _MOST_BYTES // (images * math.prod(self._dataset.images.image_shape))
    return min(wanted, max(2, fit))  # with 1, other programs would be compiled

  def take(self, first: int, last: int, count: int) -> StepImages:
    """Returns the images of steps first to last - 1.

    Args:
      first: the first step, counted from 0.
      last: the step after the last one.
      count: n, to which the arrays are filled up with any images.
    """
    shape = len(self._seeds), count, self._batch_size
    indices = np.zeros(shape, np.int32)
    for step in range(first, last):
      indices[:, step - first] = self._indices(step)
    if isinstance(self._dataset, data.DeviceDataset):
      return StepImages(indices, self._dataset, indices)
    steps = [self._ahead[step] for step in range(first, last)]
    steps += steps[-1:] * (count - len(steps))
    own = np.stack(steps, axis=2)  # [parts, R, n, B / num_devices, row]
    return StepImages(indices, *self._dataset.put_shares(own, indices))

  def _indices(self, step: int) -> np.ndarray:
    """Returns the indices `[R, B]` of a step."""
    return np.stack(
      [
        data.batch_indices(len(self._dataset), self._batch_size, seed, step)
        for seed in self._seeds
      ]
    )

  def _indices_in_turn(self, step: int) -> np.ndarray:
    """Does it in a thread, of which only one makes an epoch's permutation."""
    with self._drawing:
      return self._indices(step)
