"""Information cascading: the KL weights of each step.

The first continuous dimension starts under beta_low and the others under
beta_high; each later phase relieves one more, except the phase in which the
discrete code starts. Each newly opened dimension is thus rewarded for carrying
what the open ones do not (Jeong & Song 2019, sections 3 and 4; the phases are
those of their code). The weights go to the compiled step as an array, so one
compilation serves every phase.

Shapes: m continuous dimensions.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from cascade_jax.types import Params, Stage


class Cascade(NamedTuple):
  """The schedule; counts are in steps and phases, the rest are KL weights."""

  num_continuous: int  # m
  beta_low: float
  beta_high: float
  phase_steps: int
  discrete_start_phase: int | None  # zero codes before it; None: always

  def stage(self, step: int) -> Stage:
    """Returns what a step runs under, counted from 0 over the whole run."""
    phase = step // self.phase_steps
    start = self.discrete_start_phase
    discrete = start is not None and phase >= start
    # The phase in which the discrete code starts opens no dimension.
    num_open = min(phase + (not discrete), self.num_continuous)
    is_open = np.arange(self.num_continuous) < num_open
    weights = np.where(is_open, self.beta_low, self.beta_high)
    return Stage(phase, discrete, num_open, weights.astype(np.float32))


class Moments(NamedTuple):
  """Adam's state, and the KL weights that it was gathered under."""

  adam: Any
  kl_weights: jax.Array  # [m]


def restarted_adam(
  learning_rate: float, num_continuous: int
) -> optax.GradientTransformationExtraArgs:
  """Returns Adam, whose moments start anew with each new set of KL weights.

  The authors' code keeps one Adam for each number of open dimensions: moments
  are new when a dimension opens, not when the discrete code starts.
  """
  adam = optax.adam(learning_rate)

  def init(params: Params) -> Moments:
    return Moments(adam.init(params), jnp.zeros(num_continuous))

  def update(
    gradient: Any,
    state: Any,
    params: Any = None,
    *,
    kl_weights: jax.Array,
    **unused: Any,
  ) -> tuple[Any, Moments]:
    is_same = (kl_weights == state.kl_weights).all()
    moments = jax.tree.map(
      lambda old, new: jnp.where(is_same, old, new),
      state.adam,
      adam.init(params),
    )
    changes, moments = adam.update(gradient, moments, params)
    return changes, Moments(moments, kl_weights)

  return optax.GradientTransformationExtraArgs(init, update)
