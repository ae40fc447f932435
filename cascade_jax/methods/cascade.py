"""Information cascading: which step runs under which KL weights.

Every continuous dimension starts under beta_high and is relieved to beta_low,
one a phase, so that each newly opened dimension is paid to carry what the open
ones don't (Jeong & Song 2019, sections 3 and 4; phases from their code).
NumPy only: the weights go to the compiled step as an array, so one compilation
serves every phase.
"""

from typing import NamedTuple

import numpy as np

from cascade_jax.types import Stage


class Cascade(NamedTuple):
  """The schedule; counts are in steps and phases."""

  num_continuous: int  # m
  beta_low: float
  beta_high: float
  phase_steps: int
  discrete_start_phase: int | None  # zero codes before it; None: for ever

  def stage(self, step: int) -> Stage:
    """What step `step` (counted from 0, over the whole run) runs under."""
    phase = step // self.phase_steps
    start = self.discrete_start_phase
    discrete = start is not None and phase >= start
    # The phase that brings the discrete code opens no dimension.
    opened = min(phase + (not discrete), self.num_continuous)
    is_open = np.arange(self.num_continuous) < opened
    weights = np.where(is_open, self.beta_low, self.beta_high)
    return Stage(phase, opened, discrete, weights.astype(np.float32))
