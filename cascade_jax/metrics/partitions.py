"""Partitions of examples into groups, as arrays of labels.

Labels are counted from 0 without gaps.

Shapes: N examples, F factors.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import entr


def numbered(values: np.ndarray) -> np.ndarray:
  """Returns the labels `[N]` of values `[N]`, in the order of the values."""
  return np.unique(values, return_inverse=True)[1]


def joint(columns: np.ndarray) -> np.ndarray:
  """Returns the labels `[N]` of the rows of `[N, F]` labels, in their order.

  All rows have the label 0 if F is 0.
  """
  labels = np.zeros(len(columns), np.int64)
  for column in columns.T:
    labels = numbered(labels * (column.max() + 1) + column)
  return labels


def is_grid(columns: np.ndarray) -> bool:
  """Returns whether `[N, F]` labels are all combinations, each one once."""
  num_combinations = np.prod(columns.max(axis=0) + 1.0)
  if num_combinations != len(columns):
    return False
  return int(joint(columns).max()) + 1 == len(columns)


def binned(
  labels: np.ndarray, resolutions: Sequence[int]
) -> dict[int, np.ndarray]:
  """Returns labels `[N]` and their bins, by the number of values told apart.

  Args:
    labels: of which neighbours share a bin.
    resolutions: numbers of bins; those with less than two labels for each bin
      are left out.
  """
  size = int(labels.max()) + 1
  coarser = [bins for bins in resolutions if 2 * bins <= size]
  return {size: labels} | {bins: labels * bins // size for bins in coarser}


def entropy(labels: np.ndarray, is_sample: bool) -> float:
  """Returns the entropy of labels `[N]` in nats.

  For a sample, the bias of this estimate is added back, (groups - 1) / (2 N)
  to first order (Miller 1955).
  """
  counts = np.bincount(labels)
  bias = (len(counts) - 1) / (2 * len(labels)) if is_sample else 0
  return float(entr(counts / len(labels)).sum() + bias)
