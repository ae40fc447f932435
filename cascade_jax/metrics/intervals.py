"""How far scores would move with other examples from the same source."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t as students_t

from cascade_jax.errors import UserError
from cascade_jax.metrics import codes as codes_lib
from cascade_jax.metrics.catalogue import METRICS
from cascade_jax.metrics.scored import Scored
from cascade_jax.metrics.scoring import attempt, requested


class Interval(NamedTuple):
  """A score, and the 95 % interval around it.

  Attributes:
    score: of all examples.
    low: may lie below 0; NaN where halves of the examples were too few.
    high: may lie above 1.
  """

  score: float
  low: float
  high: float


def intervals(
  given: Scored,
  names: Sequence[str] | None = None,
  resamples: int = 10,
  seed: int = 0,
) -> tuple[dict[str, Interval], dict[str, str]]:
  """Scores with their 95 % bootstrap intervals.

  The bootstrap is that of half samples: all is scored again on `resamples`
  random halves of the examples, drawn without replacement. A mean over half of
  N, drawn so, has around that of all the variance that the mean of N has around
  the truth, so the halves' standard deviation (around their own mean, as scores
  of fewer examples are biased) is a standard error. It is estimated from few
  of them, so the interval is Student's, of `resamples` - 1 degrees of freedom.
  The usual bootstrap, with replacement, would have the same example among those
  learned from and those held out, and raise each estimate of mutual
  information.

  They are around the score that as many such examples have on average: what a
  metric is biased by few examples stays. Those of IRS, a quantile, cover it
  less often than they say. A score that is at its end in all halves has no
  width.

  Votes, splits and forests have another seed each time, so their chance is in
  the intervals. The model's isn't: that takes several seeds of training.

  Args:
    given: the codes and what they are compared with.
    names: of metrics or scores; None for all that there is enough given for.
    resamples: halves; 2 or more.
    seed: of the scores; halves have those that follow.

  Returns:
    Intervals by the name of the score; and by the name of a metric, why it is
    left out or, where it has scores, why there is no interval.

  Raises:
    UserError: as `scoring.score`.
  """
  codes_lib.check_integer("resamples", resamples, 2)
  whole, refusals = attempt(given, names, seed)
  scored = requested(given, list(whole))
  rng = np.random.default_rng(seed)
  halves: dict[str, list[float]] = {name: [] for name in whole}
  for k in range(1, resamples + 1):
    rows = rng.permutation(given.num_examples)[: given.num_examples // 2]
    half = given.take(np.sort(rows))
    for metric, wanted in scored.items():
      try:
        scores = _half_scores(given, half, metric, seed + k)
      except ValueError as error:
        refusals[metric] = f"no interval, half of the examples: {error}"
        scores = dict.fromkeys(wanted, math.nan)
      for name in wanted:
        halves[name].append(scores[name])
  standard_errors = students_t.ppf(0.975, resamples - 1)  # to either side
  found = {}
  for name, value in whole.items():
    reach = float(standard_errors * np.std(halves[name], ddof=1))
    found[name] = Interval(value, value - reach, value + reach)
  return found, refusals


def _half_scores(given, half, metric: str, seed: int) -> dict[str, float]:
  """Raises UserError for a half that is no smaller picture of the whole."""
  if "factors" in METRICS[metric].takes:
    before, after = (
      set(codes_lib.varying(np.asarray(x.factors))) for x in (given, half)
    )
    if lost := before - after:
      raise UserError(f"factor {min(lost)} (from 0) has one value there")
  return METRICS[metric].compute(half, seed)
