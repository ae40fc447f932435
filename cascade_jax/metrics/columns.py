"""The columns of a code, and the factors that they are compared with.

A column is one of the m + D variables of a code; the discrete ones come last.

Shapes: N examples, m continuous dimensions, D discrete variables, F factors,
P inputs of a classifier.
"""

from typing import NamedTuple

import numpy as np
from sklearn.preprocessing import StandardScaler

from cascade_jax.errors import UndefinedMetricError
from cascade_jax.metrics.checks import (
  check_integer,
  checked_categories,
  checked_factors,
  checked_means,
)

_MOST_CLASSES = 500  # that a classifier tells apart, or that are one-hot


class CodeColumns(NamedTuple):
  """The codes of N examples, checked and in known types.

  Attributes:
    means: `[N, m]` float64, the continuous columns.
    categories: `[N, D]` int64, the discrete columns, each numbered without
      gaps.
  """

  means: np.ndarray
  categories: np.ndarray

  @property
  def num_columns(self) -> int:
    """m + D."""
    return self.means.shape[1] + self.categories.shape[1]


def checked_columns(
  means: np.ndarray | None,
  factors: np.ndarray,
  categories: np.ndarray | None = None,
) -> tuple[CodeColumns, np.ndarray]:
  """Returns the columns of a code and the factors `[N, F]`, in known types.

  Args:
    means: `[N, m]` continuous codes, usually posterior means; None for m = 0.
    factors: `[N, F]` class indices: integers, whole floats or booleans.
    categories: `[N]` or `[N, D]` integers counted from 0, in the same types;
      None for D = 0.

  Raises:
    UserError: an array is malformed; the message names it.
  """
  factors = checked_factors(factors)
  columns = CodeColumns(
    checked_means(means, len(factors)),
    checked_categories(categories, len(factors)),
  )
  return columns, factors


def varying_factors(factors: np.ndarray, at_least: int = 1) -> np.ndarray:
  """Returns the indices of the factors `[N, F]` with more than one value.

  Args:
    factors: class indices.
    at_least: how many must vary. Scores that ask which of the factors a column
      encodes need two: with one, every answer is right, for noise too.

  Raises:
    UndefinedMetricError: fewer vary.
  """
  varying = _indices_of_varying(factors)
  if not len(varying):
    raise UndefinedMetricError(
      "no factor has more than one value; there is nothing to tell apart"
    )
  if len(varying) < at_least:
    raise UndefinedMetricError(
      "factors must hold two that vary; there is only one"
    )
  return varying


def learnable_factors(factors: np.ndarray) -> np.ndarray:
  """Returns the indices of the factors `[N, F]` that vary, for a classifier.

  Raises:
    UndefinedMetricError: none varies, or one has more than 500 values: a
      classifier of so many classes takes minutes to learn, and there are hardly
      enough examples of each.
  """
  varying = varying_factors(factors)
  for factor in varying:
    _check_count(
      f"factor {factor} (from 0)", "values", len(np.unique(factors[:, factor]))
    )
  return varying


def _check_count(name: str, what: str, count: int) -> None:
  if count > _MOST_CLASSES:
    raise UndefinedMetricError(
      f"{name} has {count} {what}, more than {_MOST_CLASSES}; are they numbers "
      "of the examples? Put them in bins or leave it out"
    )


def lost_factors(whole: np.ndarray, part: np.ndarray) -> list[int]:
  """Returns the indices of the factors that vary in the whole but not in part.

  Args:
    whole: `[N, F]`.
    part: some of its rows.
  """
  lost = np.setdiff1d(_indices_of_varying(whole), _indices_of_varying(part))
  return lost.tolist()


def _indices_of_varying(factors: np.ndarray) -> np.ndarray:
  return np.flatnonzero((factors != factors[:1]).any(axis=0))


def fewest_examples(factors: np.ndarray) -> tuple[int, int]:
  """Returns the count of the rarest value, and the index of its factor.

  A metric that fixes a factor and varies the others draws from the examples
  that share a value, and is unreliable with only a handful of them.
  """
  counts = [
    np.unique(values, return_counts=True)[1].min() for values in factors.T
  ]
  return int(min(counts)), int(np.argmin(counts))


def discretise(columns: CodeColumns, num_bins: int) -> np.ndarray:
  """Returns integer labels `[N, m + D]`: binned means, unchanged categories.

  Each dimension has `num_bins` bins of equal width between its smallest and its
  largest mean, as in disentanglement_lib (whose default is 20).
  """
  check_integer("num_bins", num_bins, 2)
  spans = np.ptp(columns.means, axis=0)
  scaled = columns.means - columns.means.min(axis=0, initial=np.inf)
  bins = num_bins * scaled / np.where(spans > 0, spans, 1)
  bins = np.minimum(bins.astype(np.int64), num_bins - 1)
  return np.concatenate([bins, columns.categories], axis=1)


def classifier_inputs(columns: CodeColumns) -> tuple[np.ndarray, np.ndarray]:
  """Returns the inputs of a classifier `[N, P]`, and their columns `[P]`.

  Means are standardised (a constant one becomes 0), categories are one-hot.

  Raises:
    UndefinedMetricError: a discrete variable has more than 500 categories.
  """
  means = columns.means
  parts = [StandardScaler().fit_transform(means) if means.size else means]
  sizes = [1] * means.shape[1]
  for variable, labels in enumerate(columns.categories.T):
    name = f"discrete variable {variable} (from 0)"
    _check_count(name, "categories", int(labels.max()) + 1)
    one_hot = np.eye(labels.max() + 1)[labels]
    parts.append(one_hot)
    sizes.append(one_hot.shape[1])
  return np.concatenate(parts, axis=1), np.repeat(np.arange(len(sizes)), sizes)
