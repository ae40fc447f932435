"""What the seeds of one row say together: mean, median, best, choice."""

from typing import NamedTuple

import numpy as np

SCORE, ACCURACY = "disentanglement_score", "classification_accuracy"
_RESAMPLES = 10_000


class Seeds(NamedTuple):
  """One score of all seeds of a row.

  Attributes:
    values: in percent, in the order of the seeds.
    interval: of the mean over seeds, 95 %, from the percentiles of a bootstrap
      over seeds; None for fewer than three.
  """

  values: list[float]
  interval: tuple[float, float] | None


def seeds(summary: dict, key: str) -> Seeds | None:
  """Returns a score of all seeds; None if not every run has it."""
  values = [run.get(key) for run in summary["runs"]]
  if None in values:
    return None
  percent = 100 * np.array(values, float)
  return Seeds(percent.tolist(), _interval(percent))


def chosen(summary: dict) -> dict | None:
  """Returns the run of the best ELBO, a choice without labels.

  None if a run has no ELBO, as with a deterministic encoder.
  """
  elbos = [run.get("elbo_at_mean") for run in summary["runs"]]
  if None in elbos or not np.isfinite(elbos).all():
    return None
  return summary["runs"][int(np.argmax(elbos))]


def best(summary: dict, key: str) -> dict:
  """Returns the run of the best score, a choice that needs labels."""
  return max(summary["runs"], key=lambda run: run[key])


def median(summary: dict) -> dict:
  """Returns the run of the median disentanglement score, the lower of two."""
  runs = sorted(summary["runs"], key=lambda run: (run[SCORE], run["seed"]))
  return runs[(len(runs) - 1) // 2]


def _interval(values: np.ndarray) -> tuple[float, float] | None:
  if len(values) < 3:
    return None
  random = np.random.default_rng(0)
  means = random.choice(values, (_RESAMPLES, len(values))).mean(1)
  low, high = np.percentile(means, [2.5, 97.5])
  return float(low), float(high)
