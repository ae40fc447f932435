"""Changes of a model between two phases of a cascade with a warm-up.

The schedule knows dimensions only by their order. A transition puts those in
use first, and revives the dead ones when the schedule opens them. Adam's
moments start anew with each, as they do with each new set of KL weights.

Shapes: N images, m continuous dimensions.
"""

from collections.abc import Callable, Mapping

import jax
import numpy as np
import optax

from cascade_jax import losses
from cascade_jax.methods import dimensions
from cascade_jax.methods.cascade import Cascade
from cascade_jax.methods.method import Transition
from cascade_jax.methods.start import in_use
from cascade_jax.types import Params, Representation, TrainState

_Change = Callable[[TrainState, Representation[np.ndarray]], Params]


def of_cascade(
  cascade: Cascade, aligns: bool, optimizer: optax.GradientTransformation
) -> Mapping[int, Transition]:
  """Returns the transitions of a cascade, by the step before which they come.

  Args:
    cascade: its warm-up ends with the dimensions in order; where the rest open
      together, they are revived.
    aligns: whether the dimensions in use are turned to independent axes after
      the first part of the warm-up.
    optimizer: whose state starts anew.
  """
  changes: dict[int, _Change] = {}
  if cascade.warm_up:
    if aligns:
      changes[cascade.warm_up[0].steps] = _aligned
    changes[cascade.warm_up_steps] = _most_informative_first
  if cascade.rest_opens_at is not None:
    changes[cascade.rest_opens_at] = _rest_revived(cascade)
  return {
    step: _transition(change, optimizer) for step, change in changes.items()
  }


def _transition(
  change: _Change, optimizer: optax.GradientTransformation
) -> Transition:
  def transition(
    state: TrainState, representation: Representation[np.ndarray]
  ) -> TrainState:
    params = change(state, representation)
    moments = jax.device_get(optimizer.init(params))
    return state._replace(params=params, optimizer=moments)

  return transition


def _aligned(
  state: TrainState, representation: Representation[np.ndarray]
) -> Params:
  """Turns the dimensions in use to independent axes."""
  used = np.flatnonzero(in_use(representation))
  if len(used) < 2:
    return state.params
  return dimensions.aligned(state.params, representation.mean, used)


def _most_informative_first(
  state: TrainState, representation: Representation[np.ndarray]
) -> Params:
  """Sorts the dimensions by their KL, the largest first."""
  kl = losses.mean_kl(representation.mean, representation.scale)
  order = np.argsort(-kl, kind="stable")
  return dimensions.reordered(state.params, order)


def _rest_revived(cascade: Cascade) -> _Change:
  """Returns the change that revives what the schedule opens at that step."""
  assert cascade.rest_opens_at is not None
  m = cascade.num_continuous
  num_open = cascade.stage(cascade.rest_opens_at - 1).open_dimensions
  rest = np.arange(m)[num_open:]

  def change(
    state: TrainState, representation: Representation[np.ndarray]
  ) -> Params:
    del representation
    key = jax.random.fold_in(jax.random.key(state.seed), state.step)
    return dimensions.revived(state.params, rest, m, key)

  return change
