"""The split of examples into those that fit a classifier and those held out.

Shapes: N examples.
"""

import numpy as np

from cascade_jax.errors import UndefinedMetricError


def held_out(values: np.ndarray, seed: int) -> np.ndarray:
  """Returns a mask `[N]` of a third of the examples of each value.

  At least one example of every value is held out, and at least one is not.

  Args:
    values: `[N]` of one factor.
    seed: of the random choice of examples.

  Raises:
    UndefinedMetricError: a value has a single example.
  """
  present, labels, counts = np.unique(
    values, return_inverse=True, return_counts=True
  )
  if counts.min() < 2:
    raise UndefinedMetricError(
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
