"""Spearman's rank correlation of two figures of the same runs.

Shapes: R runs, B resamples.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from cascade_jax.errors import UserError
from cascade_jax.metrics.checks import check_integer


class RankCorrelation(NamedTuple):
  """Spearman's rho, and the 95 % interval around it.

  Attributes:
    rho: in -1..1; NaN if a figure is the same for all runs, or if there are
      fewer than three runs.
    low: of the interval; NaN likewise.
    high: of the interval; NaN likewise.
    num_runs: R, the number of runs that have both figures.
  """

  rho: float
  low: float
  high: float
  num_runs: int


def rank_correlation(
  first: np.ndarray,
  second: np.ndarray,
  *,
  resamples: int = 9999,
  seed: int = 0,
) -> RankCorrelation:
  """Returns whether two figures rank runs in the same order.

  The interval is the percentile bootstrap over the runs: the 2.5 % and 97.5 %
  quantiles of rho over samples of R runs, drawn with replacement. Figures that
  depend on the other runs (UDR, ModelCentrality) stay as they are. With two
  normal figures whose rho is between 0 and 0.9 the interval held the true rho
  in 94 to 99 % of 300 samples of 10, 20 or 30 runs, but in 85 % of samples of
  6 runs with a rho of 0.9; the corrected bootstrap (BCa) was no better. If the
  orders are equal, the interval has a width of 0, however few the runs.

  Args:
    first: `[R]`; NaN for a run that lacks this figure and is left out.
    second: `[R]`; likewise.
    resamples: B.
    seed: of the resamples.

  Raises:
    UserError: an argument is malformed; the message names it.
  """
  check_integer("resamples", resamples, 1)
  pairs = _pairs(first, second)
  num_runs = pairs.shape[1]
  rho = float(_spearman(pairs)) if num_runs > 2 else np.nan
  if np.isnan(rho):
    return RankCorrelation(np.nan, np.nan, np.nan, num_runs)
  rng = np.random.default_rng(seed)
  drawn = rng.integers(num_runs, size=(resamples, num_runs))
  # A resample in which a figure is constant has no rho.
  low, high = np.nanquantile(_spearman(pairs[:, drawn]), (0.025, 0.975))
  return RankCorrelation(rho, float(low), float(high), num_runs)


def _pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
  """Returns the figures `[2, R]` of the runs that have both."""
  shapes = np.shape(first), np.shape(second)
  if shapes[0] != shapes[1] or len(shapes[0]) != 1:
    raise UserError(
      "first and second must have the same shape [R], an entry for each run; "
      f"got {shapes[0]} and {shapes[1]}"
    )
  pairs = np.array([first, second], float)
  if np.isinf(pairs).any():
    raise UserError("first and second must be finite, or NaN where unknown")
  return pairs[:, ~np.isnan(pairs).any(axis=0)]


def _spearman(pairs: np.ndarray) -> np.ndarray:
  """Returns rho `[...]` of pairs `[2, ..., R]`; NaN where one is constant."""
  ranks = rankdata(pairs, axis=-1)  # ties have the mean of their ranks
  first, second = ranks - ranks.mean(axis=-1, keepdims=True)
  squares = (first**2).sum(axis=-1) * (second**2).sum(axis=-1)
  products = (first * second).sum(axis=-1)
  return np.where(
    squares > 0, products / np.sqrt(np.where(squares > 0, squares, 1)), np.nan
  )
