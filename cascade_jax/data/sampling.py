"""The order of the images, a function of only the seed and the step."""

import functools
from collections.abc import Callable

import numpy as np

from cascade_jax.errors import UserError


def batch_indices(
  num_examples: int, batch_size: int, seed: int, step: int
) -> np.ndarray:
  """Returns the indices of the images in the batch of one step.

  Each epoch is a new permutation of all images. A batch may begin in one epoch
  and end in the next. There is no state, so a resumed run sees the same batches
  as an uninterrupted one.

  Args:
    num_examples: the number of images, N.
    batch_size: B, at most N.
    seed: the seed of the run.
    step: counted from 0.

  Returns:
    `[B]` int32.

  Raises:
    UserError: the batch is empty or larger than the data set.
  """
  if not 1 <= batch_size <= num_examples:
    raise UserError(
      f"batch_size is {batch_size}; it must lie in 1..{num_examples}, the "
      "number of images"
    )
  epoch, start = divmod(step * batch_size, num_examples)
  epoch_order = _epoch_orders(num_examples, seed)
  indices = epoch_order(epoch)[start : start + batch_size]
  missing = batch_size - len(indices)
  if not missing:
    return indices
  following = epoch_order(epoch + 1)[:missing]
  return np.concatenate([indices, following])


@functools.lru_cache(maxsize=64)
def _epoch_orders(num_examples: int, seed: int) -> Callable[[int], np.ndarray]:
  """A function from epoch to permutation, cached for each seed.

  Replicas have different seeds and take turns, so one cache would not do.
  """

  @functools.lru_cache(maxsize=2)
  def epoch_order(epoch: int) -> np.ndarray:
    order = np.random.default_rng((seed, epoch)).permutation(num_examples)
    order = order.astype(np.int32)
    order.flags.writeable = False  # all callers share the cached array
    return order

  return epoch_order
