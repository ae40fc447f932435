"""CascadeVAE (Jeong & Song, ICML 2019), as pure functions.

One step: encode and let the decoder score all codes (`score`), solve for the
codes of the batch (outside: `assign_codes` on the host), and take the gradient
at those codes (`update`). The gradient goes back through what scoring computed,
so the networks run forward once a step.

With several discrete variables every joint code is scored: with 3 and 4
categories the decoder runs 12 times an image. `assign_joint_codes` says what is
guaranteed of the codes then.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from cascade_jax.methods.cascade import Cascade
from cascade_jax.methods.vae import GaussianVAE
from cascade_jax.types import Method, TrainState


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method for images of one shape.

  Args:
    config: a checked config (see `cascade_jax.config`).
    image_shape: H, W, C.
  """
  num_categories = config.num_categories
  return CascadeVAE(config, image_shape, num_categories).method()


class Moments(NamedTuple):
  """Adam's, and the KL weights that they were gathered under."""

  adam: Any
  kl_weights: jax.Array  # [m]


class CascadeVAE(GaussianVAE):
  """A VAE whose KL weights are relieved in phases, and its codes solved for.

  Without discrete variables it is CascadeVAE-C.
  """

  def __init__(self, config, image_shape, num_categories):
    super().__init__(config, image_shape, num_categories)
    self.stage = Cascade(
      config.num_continuous,
      config.beta_low,
      config.beta_high,
      config.phase_steps,
      config.discrete_start_phase if num_categories else None,
    ).stage

  def method(self) -> Method:
    """The functions, for the training loop."""
    return super().method()._replace(assigned=bool(self.num_categories))

  def init(self, seed) -> TrainState:
    """A fresh state."""
    state = super().init(seed)
    weights = jnp.zeros(self.config.num_continuous)
    return state._replace(optimizer=Moments(state.optimizer, weights))

  def update(self, state, batch, kl_weights, scores, categories=None):
    """One step of Adam, whose moments are new where the KL weights are."""
    state = state._replace(optimizer=self._moments(state, kl_weights))
    state, report = super().update(state, batch, kl_weights, scores, categories)
    return state._replace(
      optimizer=Moments(state.optimizer, kl_weights)
    ), report

  def _moments(self, state, kl_weights):
    if not self.config.reset_adam_at_phase:
      return state.optimizer.adam
    # The authors keep one Adam for each set of KL weights.
    kept = (kl_weights == state.optimizer.kl_weights).all()
    return jax.tree.map(
      lambda old, fresh: jnp.where(kept, old, fresh),
      state.optimizer.adam,
      self.adam.init(state.params),
    )
