"""Where a call that takes many steps must end."""

import ml_collections
import numpy as np

from cascade_jax import profiling
from cascade_jax.methods import Method
from cascade_jax.types import Stage


def chunk_end(
  first: int, config: ml_collections.ConfigDict, method: Method, most: int
) -> int:
  """Returns the step at which a call that starts at `first` must end.

  That is the next step that is logged, scored, saved or the last, the end of a
  stage, the start or end of the profile, or `most` steps later.
  """
  periods = (config.log_every, config.evaluate_every, config.checkpoint_every)
  ends = [(first // period + 1) * period for period in periods if period]
  profiled = profiling.steps(config.profile_steps, config.num_steps)
  ends += [edge for edge in (profiled.start, profiled.stop) if edge > first]
  end = min(*ends, first + most, config.num_steps)
  stage = method.schedule(first)
  for step in range(first + 1, end):
    if not _is_same(method.schedule(step), stage):
      return step
  return end


def _is_same(stage: Stage, other: Stage) -> bool:
  if (stage.phase, stage.discrete) != (other.phase, other.discrete):
    return False
  if stage.kl_weights is None or other.kl_weights is None:
    return stage.kl_weights is other.kl_weights
  return np.array_equal(stage.kl_weights, other.kl_weights)
