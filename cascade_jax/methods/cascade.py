"""Information cascading: the KL weights of each step.

The first continuous dimension starts under beta_low and the others under
beta_high; each later phase relieves one more, except the phase in which the
discrete code starts. Each newly opened dimension is thus rewarded for carrying
what the open ones do not (Jeong & Song 2019, sections 3 and 4; the phases are
those of their code). The weights go to the compiled step as an array, so one
compilation serves every phase.

Three options are ours and off by default (docs/dependable.md): a warm-up with
one weight for all dimensions before the first phase; codes that are taught from
a guess for some phases; and all remaining dimensions opened together after the
code has started.

Shapes: m continuous dimensions.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from cascade_jax.types import Params, Stage


class WarmUp(NamedTuple):
  """A stretch before the first phase, all dimensions under one KL weight."""

  kl_weight: float
  steps: int


class Cascade(NamedTuple):
  """The schedule; counts are in steps and phases, the rest are KL weights."""

  num_continuous: int  # m
  beta_low: float
  beta_high: float
  phase_steps: int
  discrete_start_phase: int | None  # zero codes before it; None: always
  warm_up: tuple[WarmUp, ...] = ()
  taught_phases: int = 0  # from the start of the code on
  opens_rest_together: bool = False  # in the phase after the code has started

  @property
  def warm_up_steps(self) -> int:
    """Steps before the first phase."""
    return sum(part.steps for part in self.warm_up)

  def start_of(self, phase: int) -> int:
    """Returns the first step of a phase, counted after the warm-up."""
    return self.warm_up_steps + phase * self.phase_steps

  @property
  def rest_opens_at(self) -> int | None:
    """The step at which all remaining dimensions open together, if they do."""
    if not self.opens_rest_together or self.discrete_start_phase is None:
      return None
    return self.start_of(self.discrete_start_phase + 1)

  def stage(self, step: int) -> Stage:
    """Returns what a step runs under, counted from 0 over the whole run."""
    for phase, part in enumerate(self.warm_up):
      if step < part.steps:
        weights = np.full(self.num_continuous, part.kl_weight, np.float32)
        return Stage(phase, False, 0, weights)
      step -= part.steps
    phase = step // self.phase_steps
    start = self.discrete_start_phase
    discrete = start is not None and phase >= start
    # The phase in which the discrete code starts opens no dimension.
    num_open = min(phase + (not discrete), self.num_continuous)
    if self.opens_rest_together and start is not None and phase > start:
      num_open = self.num_continuous
    is_open = np.arange(self.num_continuous) < num_open
    weights = np.where(is_open, self.beta_low, self.beta_high)
    return Stage(
      len(self.warm_up) + phase,
      discrete,
      num_open,
      weights.astype(np.float32),
      discrete and start is not None and phase < start + self.taught_phases,
    )


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


def with_factors(
  optimizer: optax.GradientTransformation,
  steps: Sequence[int],
  factors: Sequence[float],
) -> optax.GradientTransformationExtraArgs:
  """Returns an optimiser whose learning rate is multiplied from steps on.

  The steps are those of the run: an optimiser's own count starts anew with each
  new set of KL weights.

  Args:
    optimizer: whose changes are proportional to its learning rate.
    steps: at each of them a factor takes the place of the one before.
    factors: as many as steps; the factor is 1 before the first.
  """
  optimizer = optax.with_extra_args_support(optimizer)
  boundaries = np.array(steps)
  all_factors = jnp.array([1.0, *factors], jnp.float32)

  def update(
    gradient: Any,
    state: Any,
    params: Any = None,
    *,
    step: jax.Array,
    **others: Any,
  ) -> tuple[Any, Any]:
    changes, state = optimizer.update(
      gradient, state, params, step=step, **others
    )
    factor = all_factors[(step >= boundaries).sum()]
    return jax.tree.map(lambda change: factor * change, changes), state

  return optax.GradientTransformationExtraArgs(optimizer.init, update)
