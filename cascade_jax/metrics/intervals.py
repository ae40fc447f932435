"""Bootstrap intervals: the spread of scores over other samples of examples."""

import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from absl import logging
from scipy.stats import t as students_t

from cascade_jax.activity import activity
from cascade_jax.errors import UndefinedMetricError, UserError
from cascade_jax.metrics.catalogue import METRICS
from cascade_jax.metrics.checks import check_integer
from cascade_jax.metrics.columns import lost_factors
from cascade_jax.metrics.inputs import MetricInputs
from cascade_jax.metrics.scoring import attempt, requested


class Interval(NamedTuple):
  """A score, and the 95 % interval around it.

  Attributes:
    score: computed on all examples.
    low: not below the least value of the score; NaN if half of the examples
      are too few to score.
    high: not above the largest value of the score; NaN likewise.
  """

  score: float
  low: float
  high: float


def intervals(
  inputs: MetricInputs,
  names: Sequence[str] | None = None,
  resamples: int = 10,
  seed: int = 0,
) -> tuple[dict[str, Interval], dict[str, str]]:
  """Returns the scores with their 95 % bootstrap intervals.

  This is the half-sample bootstrap: every score is computed again on
  `resamples` random halves of the examples, drawn without replacement. The mean
  of such a half varies around the mean of all N examples as much as the latter
  varies around the true mean. Therefore the standard deviation over the halves
  (around their own mean, since scores of fewer examples are biased) is a
  standard error. It is estimated from few halves, so the interval uses
  Student's t with `resamples` - 1 degrees of freedom. The usual bootstrap with
  replacement would put copies of one example in both the training and the
  held-out set, and would raise every estimate of mutual information.

  An end beyond the range of the score, such as an accuracy above 1, is moved to
  the end of that range. Values beyond it are impossible, so the interval covers
  the true value as often as before.

  The intervals are around the average score of this many examples: they do not
  show the bias that a metric has with few examples. The intervals of IRS, which
  is a quantile, cover it less often than 95 %. A score that reaches its limit
  in all halves has an interval of width 0.

  Every half has its own seed of votes, splits and forests, so the intervals
  include that randomness. They do not include the randomness of training, which
  takes several training seeds to measure.

  Args:
    inputs: the code, and what it is compared with.
    names: names of metrics or of scores; None for all metrics whose inputs are
      there.
    resamples: number of halves, at least 2.
    seed: of the scores; the halves have the seeds after it.

  Returns:
    The intervals by the name of the score; and, by the name of a metric, the
    reason why it is left out or, if it has scores, why they have no interval.

  Raises:
    UserError: as `scoring.score`.
    UndefinedMetricError: as `scoring.score`.
  """
  check_integer("resamples", resamples, 2)
  scores, left_out = attempt(inputs, names, seed)
  metrics = requested(inputs, list(scores))
  half_scores, undefined = _scores_of_halves(inputs, metrics, resamples, seed)
  num_standard_errors = students_t.ppf(0.975, resamples - 1)  # to either side
  result = {}
  for metric, names_of_scores in metrics.items():
    for name in names_of_scores:
      width = float(num_standard_errors * np.std(half_scores[name], ddof=1))
      ends = (scores[name] - width, scores[name] + width)
      limits = METRICS[metric].ranges.get(name, (0.0, 1.0))
      low, high = np.clip(ends, *limits).tolist()
      result[name] = Interval(scores[name], low, high)
  return result, left_out | undefined


def _scores_of_halves(
  inputs: MetricInputs,
  metrics: dict[str, tuple[str, ...]],
  resamples: int,
  seed: int,
) -> tuple[dict[str, list[float]], dict[str, str]]:
  """Computes scores on random halves of the examples.

  Args:
    inputs: all examples.
    metrics: the names of the scores to compute, by the name of their metric.
    resamples: number of halves.
    seed: of the choice of halves; the metrics have the seeds after it.

  Returns:
    The scores by name, NaN for a half on which their metric is not defined; and
    the reason by the name of each such metric.
  """
  rng = np.random.default_rng(seed)
  count = inputs.num_examples
  halves = [
    np.sort(rng.permutation(count)[: count // 2]) for _ in range(resamples)
  ]
  half_scores: dict[str, list[float]] = {
    name: [] for names in metrics.values() for name in names
  }
  reasons = {}
  for metric, names in metrics.items():
    started = time.perf_counter()
    with activity(f"{metric}, interval", announced=False) as reach:
      for k, rows in enumerate(halves, start=1):
        reach(f"half {k} of {resamples}")
        try:
          values = _half_scores(inputs, inputs.take(rows), metric, seed + k)
        except UndefinedMetricError as error:
          reasons[metric] = f"no interval, half of the examples: {error}"
          values = dict.fromkeys(names, math.nan)
        for name in names:
          half_scores[name].append(values[name])
    logging.info("%s, interval: %.1f s", metric, time.perf_counter() - started)
  return half_scores, reasons


def _half_scores(
  inputs: MetricInputs, half: MetricInputs, metric: str, seed: int
) -> dict[str, float]:
  """Returns the scores of one metric on half of the examples, by name.

  Raises:
    UndefinedMetricError: the half is too small for the metric, or has only one
      value of a factor that varies in all examples.
  """
  if "factors" in METRICS[metric].takes:
    factors = np.asarray(inputs.factors), np.asarray(half.factors)
    if lost := lost_factors(*factors):
      raise UndefinedMetricError(
        f"factor {lost[0]} (from 0) has one value there"
      )
  try:
    half.check()
  except UserError as error:  # all examples together have passed this check
    raise UndefinedMetricError(str(error)) from error
  return METRICS[metric].compute(half, seed)
