"""Whether the warm-up of a cascade has come out well; no labels are needed.

Shapes: N images, m continuous dimensions.
"""

import numpy as np

from cascade_jax.methods.cascade import Cascade
from cascade_jax.methods.method import Start
from cascade_jax.types import Representation

# Variance of the posterior mean over images above which a dimension is in use
# (the "active units" of Burda et al. 2016, section 5.2).
IN_USE = 0.01
# Two uniform factors in a frame that is turned by 33 degrees have uncorrelated
# means whose squares correlate by -0.39. On dSprites, x, y and scale along the
# axes have 0.12 at most.
MOST_CORRELATED = 0.25


def start_of(cascade: Cascade) -> Start | None:
  """Returns what the warm-up of a cascade has to come to; None without one.

  As many dimensions have to be in use as open before the code starts, and they
  have to be independent.
  """
  expected = cascade.discrete_start_phase
  if not cascade.warm_up or not expected:
    return None

  def problem(representation: Representation[np.ndarray]) -> str | None:
    used = representation.mean[:, in_use(representation)]
    if used.shape[1] != expected:
      return (
        f"{used.shape[1]} dimensions are in use after the warm-up, and "
        f"{expected} open before the code starts"
      )
    correlation = dependence(used)
    if correlation > MOST_CORRELATED:
      return (
        "dimensions depend on each other after the warm-up (correlation "
        f"{correlation:.2f}, at most {MOST_CORRELATED} is expected)"
      )
    return None

  return Start(cascade.warm_up_steps, problem)


def in_use(representation: Representation[np.ndarray]) -> np.ndarray:
  """Returns whether each dimension is in use, `[m]` bool."""
  return representation.mean.var(axis=0) > IN_USE


def dependence(means: np.ndarray) -> float:
  """Returns the largest absolute correlation of two columns or their squares.

  Args:
    means: `[N, m]`; the result is 0 for a single column.
  """
  if means.shape[1] < 2:
    return 0.0
  centred = means - means.mean(axis=0)
  above_diagonal = np.triu_indices(means.shape[1], k=1)
  return max(
    float(np.abs(np.corrcoef(columns.T)[above_diagonal]).max())
    for columns in (centred, centred**2)
  )
