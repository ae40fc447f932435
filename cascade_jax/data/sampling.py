"""Which images a step sees: a function of (seed, step) and nothing else."""

import functools
from collections.abc import Callable

import numpy as np

from cascade_jax.errors import UserError


def batch_indices(
  num_examples: int, batch_size: int, seed: int, step: int
) -> np.ndarray:
  """Indices `[batch_size]` of one step, out of endlessly shuffled epochs.

  Each example comes once an epoch; a batch may begin in one epoch and end in
  the next. Without state, a resumed run sees what it would have seen.

  Args:
    num_examples: N.
    batch_size: B.
    seed: of the run.
    step: counted from 0.

  Raises:
    UserError: the batch doesn't fit into the data.
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
  """Each epoch's order; a cache a seed, because replicas take turns."""

  @functools.lru_cache(maxsize=2)
  def epoch_order(epoch):
    order = np.random.default_rng((seed, epoch)).permutation(num_examples)
    order = order.astype(np.int32)
    order.flags.writeable = False  # the cache hands out this very array
    return order

  return epoch_order
