"""How far scores would move with other examples from the same source."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as students_t

from cascade_jax.metrics.catalogue import Scored, score


def intervals(
  given: Scored,
  names: Sequence[str] | None = None,
  resamples: int = 10,
  seed: int = 0,
) -> dict[str, tuple[float, float, float]]:
  """Scores and their 95 % bootstrap intervals.

  The bootstrap is that of half samples: all is scored again on `resamples`
  random halves of the examples, drawn without replacement. A mean over half of
  N, drawn so, has around that of all the variance that the mean of N has around
  the truth, so the halves' standard deviation (around their own mean, as scores
  of fewer examples are biased) is a standard error. It is estimated from few
  of them, so the interval is Student's, of `resamples` - 1 degrees of freedom.
  The usual bootstrap, with replacement, would have the same example among those
  learned from and those held out, and raise each estimate of mutual
  information.

  Votes, splits and forests have another seed each time, so their chance is in
  the intervals. The model's isn't: that takes several seeds of training.

  Args:
    given: the codes and what they are compared with.
    names: of metrics; None for all that there is enough given for.
    resamples: halves; 2 or more.
    seed: of the scores; halves have those that follow.

  Returns:
    By name: the score, and the interval's ends, which may lie outside 0..1;
    NaN where a half was too few for a metric that wasn't asked for by name.

  Raises:
    ValueError: as `catalogue.score`, or halves that are too few examples.
  """
  if resamples < 2:
    raise ValueError(f"resamples must be 2 or more, got {resamples}")
  whole = score(given, names, seed)
  rng = np.random.default_rng(seed)
  count = given.num_examples
  halves = []
  for k in range(1, resamples + 1):
    rows = np.sort(rng.permutation(count)[: count // 2])
    try:
      halves.append(score(given.take(rows), names, seed + k))
    except ValueError as error:
      raise ValueError(
        f"half of the {count} examples are too few for intervals: {error}"
      ) from error
  standard_errors = students_t.ppf(0.975, resamples - 1)  # to either side
  found = {}
  for name, value in whole.items():
    values = [half.get(name, math.nan) for half in halves]
    reach = float(standard_errors * np.std(values, ddof=1))
    found[name] = (value, value - reach, value + reach)
  return found
