"""Mutual information gaps: MIG of means, and RMIG of whole posteriors.

Shapes: N examples, m continuous dimensions, D discrete variables, F factors,
B bins.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse, stats
from scipy.special import ndtr

from cascade_jax.errors import UndefinedMetricError, UserError
from cascade_jax.metrics.checks import check_integer, checked_scales
from cascade_jax.metrics.columns import checked_columns, varying_factors
from cascade_jax.metrics.mutual_information import (
  check_chance,
  contingency,
  mutual_information,
  renumbered,
  table_information,
)

VALUE_RANGE = (-4.0, 4.0)  # of the robust MIG
NUM_BINS = 100  # of the robust MIG
_CHUNK = 10_000  # examples at a time, which bounds the memory


class InformationGap(NamedTuple):
  """The mean gap, the gap of each factor, and the information behind them.

  Attributes:
    score: mean of `gaps`.
    gaps: `[factors]` difference between the best two columns, divided by the
      entropy of the factor.
    information: `[columns, factors]` nats.
    factor_entropies: `[factors]` nats.
    factors: indices of the factors that vary.
  """

  score: float
  gaps: np.ndarray
  information: np.ndarray
  factor_entropies: np.ndarray
  factors: np.ndarray


def mutual_information_gap(
  means: np.ndarray | None,
  factors: np.ndarray,
  *,
  categories: np.ndarray | None = None,
  num_bins: int = 20,
) -> InformationGap:
  """Returns MIG: the lead of the most informative column over the second.

  Chen et al. 2018, eq. 6: the mean over factors of (I_1 - I_2) / H(factor),
  where I_1 and I_2 are the two largest values of I(column; factor). The
  estimator is that of disentanglement_lib, bins of the means
  (`mutual_information`), and the result equals theirs; the base of the
  logarithm cancels.

  The bins also limit the information of a column: perfect columns of factors
  with 40 and 1,000 values (20,000 examples) score 0.81 and 0.36.

  Chen et al. estimate I by integrating over q(z|x), and so does
  `robust_mutual_information_gap`. The number depends on the estimator. Six
  dimensions of a JointVAE, three of them unused, 2,000 examples, score 0.222
  with 20 bins; 0.140, 0.190 and 0.230 with 5, 10 and 40; 0.224 with samples of
  z instead of means; 0.252 integrated.

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices; a factor with one value is left out.
    categories: `[N]` integers from 0, or `[N, D]`; each variable is one more
      column.
    num_bins: number of bins between a column's smallest and largest mean.

  Returns:
    The score, from 0 to 1. A missing column has no information: with a single
    column the gap is all of its information, and without columns the score
    is 0.

  Raises:
    UserError: an argument is malformed; the message names it.
    UndefinedMetricError: no factor varies, or a discrete variable has so many
      categories that chance alone tells a quarter of a factor
      (`mutual_information.check_chance`).
  """
  mutual = mutual_information(
    means, factors, categories=categories, num_bins=num_bins
  )
  return _gap(mutual.information, mutual.factor_entropies, mutual.factors)


def robust_mutual_information_gap(
  means: np.ndarray | None,
  factors: np.ndarray,
  *,
  scales: np.ndarray | None = None,
  categories: np.ndarray | None = None,
  value_range: tuple[float, float] = VALUE_RANGE,
  num_bins: int = NUM_BINS,
) -> InformationGap:
  """Returns RMIG: the gap for columns that follow q(z|x), not only its mean.

  Do & Tran 2020. The posterior of an example spreads it over the bins of a
  fixed range, p(bin, value) = mean over examples of q(bin|x) 1[value], so that
  a column whose posterior is as wide as the prior has almost no information,
  whatever its means are. The gap is divided by H(factor), as in the authors'
  code, which also prints it undivided; the range and the number of bins are the
  defaults of that code.

  Where posteriors are far narrower than a bin, the score depends on the bins.
  The posteriors of one example then hardly overlap those of another, and with
  ever more bins every column tells all examples apart, so that no gap is left:
  if the posteriors of the three used dimensions of a JointVAE are made 1/16 of
  a bin wide, the score is 0.234 with 100 bins and 0.171 with 6,400 (0.237 and
  0.230 at a quarter of a bin, below which `cautions` says so).

  Unlike MIG it depends on the scale of the columns: perfect columns of four
  values score 0.5 if they lie within two bins, and 0.75 if two of the values
  lie beyond one end. The score is not defined for columns with most means
  outside the range.

  In our version the mass of each bin is exact, and the mass outside the range
  belongs to the bins at its ends. The authors multiply the density at the
  centre of a bin by its width, and truncate at the range: for a JointVAE some
  of whose posteriors are narrower than a bin they get 0.2530 and we get 0.2522.
  With 50, 200 and 1,000 bins ours is 0.244, 0.254 and 0.255 there, and 0.223
  without `scales`.

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices; a factor with one value is left out.
    scales: `[N, m]` standard deviations of the posteriors, not variances; None
      for points.
    categories: `[N]` integers from 0, or `[N, D]`; each variable is one more
      column, without uncertainty.
    value_range: that is divided into bins of equal width; the default suits a
      prior of N(0, 1).
    num_bins: B.

  Returns:
    The score; see `mutual_information_gap`.

  Raises:
    UserError: an argument is malformed; the message names it.
    UndefinedMetricError: no factor varies, most means of a column lie outside
      the range, or too many categories as for `mutual_information_gap`.
  """
  code, factors = checked_columns(means, factors, categories)
  varying = varying_factors(factors)
  if scales is None:
    scales = np.zeros(code.means.shape)  # stands for points
  else:
    scales = checked_scales(scales, code.means)
  edges = _inner_edges(value_range, num_bins)
  _check_inside(code.means, value_range)
  values = renumbered(factors[:, varying])
  check_chance(code.categories, values)
  tables = [
    _posterior_tables(mean, scale, values, edges)
    for mean, scale in zip(code.means.T, scales.T)
  ]
  tables += [
    [contingency(labels, k) for k in values] for labels in code.categories.T
  ]
  information = [[table_information(table) for table in row] for row in tables]
  return _gap(
    np.array(information).reshape(code.num_columns, len(varying)),
    np.array([stats.entropy(np.bincount(k)) for k in values]),
    varying,
  )


def _gap(
  information: np.ndarray, entropies: np.ndarray, factors: np.ndarray
) -> InformationGap:
  """Returns the gaps of information `[columns, factors]`."""
  padded = np.pad(
    information, ((2, 0), (0, 0))
  )  # two columns of no information
  second, best = np.sort(padded, axis=0)[-2:]
  gaps = (best - second) / entropies
  return InformationGap(
    float(gaps.mean()), gaps, information, entropies, factors
  )


def _posterior_tables(
  means: np.ndarray,
  scales: np.ndarray,
  values: list[np.ndarray],
  edges: np.ndarray,
) -> list[np.ndarray]:
  """Returns the mass of each bin and value `[B, values]`, for each factor.

  Args:
    means: `[N]` of one column.
    scales: `[N]` of the same column; all 0 for points.
    values: `[N]` of each factor, numbered from 0 without gaps.
    edges: `[B - 1]` between the bins.
  """
  tables = [np.zeros((len(edges) + 1, k.max() + 1)) for k in values]
  for start in range(0, len(means), _CHUNK):
    rows = slice(start, start + _CHUNK)
    distances = edges - means[rows, None]
    if scales[0] > 0:
      below = ndtr(distances / scales[rows, None])
    else:
      below = (distances > 0).astype(np.float64)
    mass = np.diff(below, axis=1, prepend=0.0, append=1.0).clip(min=0.0)
    for table, k in zip(tables, values):
      ones, starts = np.ones(len(mass)), np.arange(len(mass) + 1)
      one_hot = sparse.csr_array(
        (ones, k[rows], starts), (len(mass), table.shape[1])
      )
      table += mass.T @ one_hot
  return tables


def _inner_edges(value_range: tuple[float, float], num_bins: int) -> np.ndarray:
  """Returns the edges `[B - 1]` between the bins.

  Raises:
    UserError: the range or the number of bins is malformed.
  """
  check_integer("num_bins", num_bins, 2)
  ends = np.asarray(value_range, np.float64)
  if ends.shape != (2,) or not np.isfinite(ends).all() or ends[0] >= ends[1]:
    raise UserError(
      "value_range must be two finite numbers, the smaller first; got "
      f"{value_range}"
    )
  return np.linspace(ends[0], ends[1], num_bins + 1)[1:-1]


def _check_inside(means: np.ndarray, value_range: tuple[float, float]) -> None:
  """Raises UndefinedMetricError if most means of a column are out of range."""
  low, high = value_range
  outside = ((means < low) | (means > high)).mean(axis=0)
  if (outside > 0.5).any():
    raise UndefinedMetricError(
      f"most means of dimension {outside.argmax()} (from 0) lie outside of "
      f"{low} to {high}, which is for a prior of N(0, 1); standardise the "
      "means (and scales), or give value_range"
    )
