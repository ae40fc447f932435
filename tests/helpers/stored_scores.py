"""Scores of the codes of `scored_codes` by other implementations."""

import functools
import json

import numpy as np

from cascade_jax import metrics
from tests.helpers import scored_codes


def codes(
  name: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
  """Returns the means, factors and categories of an entry of the files."""
  if not name.startswith("trained"):
    return getattr(scored_codes, name)(), scored_codes.grid(), None
  stored = scored_codes.trained()
  categories = stored["categories"] if name.endswith("categories") else None
  return stored["means"], stored["factors"], categories


def values(file: str = "disentanglement_lib_a.json") -> dict:
  """Returns the content of a file of tests/fixtures; "origin" is its source."""
  return json.loads((scored_codes.FIXTURES / file).read_text())


@functools.cache
def dlib_scores_over_seeds(name: str) -> tuple[float, ...]:
  """Returns our `disentanglement_score_dlib` of an entry, for seeds 0 to 9."""
  means, factors, _ = codes(name)
  return tuple(
    metrics.disentanglement_score_dlib(means, factors, seed=seed).score
    for seed in range(10)
  )


def distance_of_means(
  ours: list[float] | tuple[float, ...], stored: dict
) -> float:
  """Returns the distance of two means over seeds, in standard errors.

  The stored standard deviation serves for both, since the draws have the same
  distribution.

  Args:
    ours: a score for each seed.
    stored: mean and std over a number of seeds.
  """
  error = stored["std"] * (1 / len(ours) + 1 / stored["seeds"]) ** 0.5
  return abs(sum(ours) / len(ours) - stored["mean"]) / error
