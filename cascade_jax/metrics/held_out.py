"""Which examples a classifier is fitted to, and which score it."""

import numpy as np

from cascade_jax.errors import UserError


def held_out(values: np.ndarray, seed: int) -> np.ndarray:
  """A third of the examples of each value `[N]`, as a mask `[N]`.

  Of each value, whatever its count, some are held out and some are not.

  Raises:
    UserError: a value has a single example.
  """
  present, labels, counts = np.unique(
    values, return_inverse=True, return_counts=True
  )
  if counts.min() < 2:
    raise UserError(
      "factors must have at least 2 examples of each value, one to fit a "
      f"classifier to and one to score it; there is one of "
      f"{present[counts.argmin()]}"
    )
  shuffled = np.random.default_rng(seed).permutation(len(values))
  order = shuffled[np.argsort(labels[shuffled], kind="stable")]
  ranks = np.arange(len(values)) - np.repeat(counts.cumsum() - counts, counts)
  mask = np.empty(len(values), bool)
  mask[order] = ranks % 3 == 1
  return mask
