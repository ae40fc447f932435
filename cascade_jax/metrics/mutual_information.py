"""Mutual information of the columns of a code with the factors, in nats.

Shapes: N examples, m continuous dimensions, D discrete variables, F factors;
a contingency table has A labels of a column and B values of a factor.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import rel_entr

from cascade_jax.errors import UndefinedMetricError
from cascade_jax.metrics.columns import (
  checked_columns,
  discretise,
  varying_factors,
)

BY_CHANCE = 1 / 4  # of a factor's entropy, which is no longer a small bias


class MutualInformation(NamedTuple):
  """I(column; factor), and the entropies that bound it, in nats.

  Attributes:
    information: `[columns, factors]`.
    column_entropies: `[columns]`.
    factor_entropies: `[factors]`.
    factors: indices of the factors that vary.
  """

  information: np.ndarray
  column_entropies: np.ndarray
  factor_entropies: np.ndarray
  factors: np.ndarray


def mutual_information(
  means: np.ndarray | None,
  factors: np.ndarray,
  *,
  categories: np.ndarray | None = None,
  num_bins: int = 20,
) -> MutualInformation:
  """Returns the mutual information of every column with every varying factor.

  This is the plug-in estimate: the frequencies of the N examples serve as
  probabilities, and the mean of a continuous column is replaced by its bin, all
  of equal width, as in disentanglement_lib. The estimate is biased upwards by
  about (bins - 1) (values - 1) / 2N, so even a column that is independent of
  the factors has more information about a factor with more values. A discrete
  variable of so many categories that this bias is a quarter of a factor's
  entropy is refused (`check_chance`).

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices.
    categories: `[N]` integers from 0, or `[N, D]`; each variable is one more
      column.
    num_bins: number of bins between a column's smallest and largest mean.

  Raises:
    UserError: an argument is malformed; the message names it.
    UndefinedMetricError: no factor varies, or as `check_chance`.
  """
  code, factors = checked_columns(means, factors, categories)
  varying = varying_factors(factors)
  labels = discretise(code, num_bins).T
  values = renumbered(factors[:, varying])
  check_chance(code.categories, values)
  information = [
    [table_information(contingency(a, b)) for b in values] for a in labels
  ]
  return MutualInformation(
    np.array(information).reshape(len(labels), len(varying)),
    np.array([stats.entropy(np.bincount(a)) for a in labels]),
    np.array([stats.entropy(np.bincount(b)) for b in values]),
    varying,
  )


def check_chance(categories: np.ndarray, values: list[np.ndarray]) -> None:
  """Raises UndefinedMetricError if chance alone tells much of a factor.

  An extreme case are numbers of the examples, given as categories: each one
  names its example and thereby every factor, so that a plug-in estimate of
  their mutual information is the factor's whole entropy, for noise too.

  Args:
    categories: `[N, D]`, each column numbered without gaps.
    values: `[N]` of each factor, numbered likewise.
  """
  for variable, labels in enumerate(categories.T):
    for factor, of_factor in enumerate(values):
      if (share := chance_share(labels, of_factor)) > BY_CHANCE:
        raise UndefinedMetricError(
          f"discrete variable {variable} (from 0) has {labels.max() + 1} "
          f"categories for {len(labels)} examples; by chance alone it would "
          f"tell about {share:.0%} of varying factor {factor} (from "
          "0). Give more examples, or leave the variable out"
        )


def chance_share(labels: np.ndarray, values: np.ndarray) -> float:
  """Returns what independent labels seem to tell of values, as a share of all.

  That is the bias of the plug-in estimate, (A - 1) (B - 1) / 2N nats to first
  order (Miller 1955) but at most the entropy of either, divided by the entropy
  of the values. In 0..1.

  Args:
    labels: `[N]`, numbered from 0 without gaps.
    values: `[N]`, numbered likewise, not all equal.
  """
  bias = int(labels.max()) * int(values.max()) / (2 * len(labels))
  own, whole = (stats.entropy(np.bincount(x)) for x in (labels, values))
  return float(min(bias, own, whole) / whole)


def renumbered(factors: np.ndarray) -> list[np.ndarray]:
  """Returns the values `[N]` of each factor, numbered from 0 without gaps."""
  return [np.unique(k, return_inverse=True)[1] for k in factors.T]


def contingency(labels: np.ndarray, values: np.ndarray) -> np.ndarray:
  """Returns the number of examples `[A, B]` with each label and each value.

  Args:
    labels: `[N]` integers from 0.
    values: `[N]` integers from 0.
  """
  shape = labels.max() + 1, values.max() + 1
  cells = labels * shape[1] + values
  return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def table_information(table: np.ndarray) -> float:
  """Returns I(row; column) of a table `[A, B]` of counts or probabilities."""
  total = table.sum()
  # Dividing counts (and not probabilities) gives exactly 0, and not 1e-17, for
  # rows and columns that are independent.
  independent = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
  return max(0.0, float(rel_entr(table, independent).sum() / total))
