"""Compiled functions on many rows, in batches of few different sizes."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np


def map_batches(
  function: Callable[[np.ndarray], Any], count: int, most: int
) -> Any:
  """Returns the results of a function for rows 0 to count - 1, in NumPy.

  The last batch is filled up to a power of two by repeating its rows. So a
  function is compiled for few sizes, and a single row does not cost a batch.

  Args:
    function: maps the indices of rows, `[B]`, to arrays `[B, ...]`.
    count: of all rows, 1 or more.
    most: the largest B, a power of two.
  """
  parts = []
  for first in range(0, count, most):
    rows = np.arange(first, min(first + most, count))
    size = 1 << (len(rows) - 1).bit_length()
    parts.append(jax.device_get(function(np.resize(rows, size))))
  return jax.tree.map(lambda *arrays: np.concatenate(arrays)[:count], *parts)
