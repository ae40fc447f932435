"""How far scores would move with other examples from the same source."""

from collections.abc import Sequence

import numpy as np

from cascade_jax.metrics.catalogue import Scored, score

_NORMAL_95 = 1.96  # standard deviations to either side


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
  of fewer examples are biased) is a standard error. The usual bootstrap, with
  replacement, would have the same example among those learned from and those
  held out, and raise each estimate of mutual information.

  Votes, splits and forests have another seed each time, so their chance is in
  the intervals. The model's isn't: that takes several seeds of training.

  Args:
    given: the codes and what they are compared with.
    names: of metrics; None for all that there is enough given for.
    resamples: halves; 2 or more.
    seed: of the scores; halves have those that follow.

  Returns:
    By name: the score, and the interval's ends, which may lie outside 0..1.

  Raises:
    ValueError: as `catalogue.score`, or halves that are too few examples.
  """
  if resamples < 2:
    raise ValueError(f"resamples must be 2 or more, got {resamples}")
  whole = score(given, names, seed)
  rng = np.random.default_rng(seed)
  count = len(given.factors)
  halves = []
  for k in range(1, resamples + 1):
    rows = np.sort(rng.permutation(count)[: count // 2])
    try:
      halves.append(list(score(given.take(rows), names, seed + k).values()))
    except ValueError as error:
      raise ValueError(
        f"half of the {count} examples are too few for intervals: {error}"
      ) from error
  reach = _NORMAL_95 * np.std(halves, axis=0, ddof=1)
  return {
    name: (value, value - width, value + width)
    for (name, value), width in zip(whole.items(), reach.tolist())
  }
