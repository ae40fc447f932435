"""Adversarial autoencoder (Makhzani et al. 2015), Gaussian prior.

The encoder is deterministic, its m outputs are z. Each batch is seen in two
phases, the second by the networks as the first left them:

1. Reconstruction: encoder and decoder minimise the negative log-likelihood,
   nats per image, summed over pixels (and the L2 penalty of the config).
2. Regularisation: a discriminator learns to tell N(0, I) from the encoder's z;
   then the encoder learns to pass for N(0, I) with the discriminator.

`config.aae`, also of `aae_s`:

| key | default | |
|---|---|---|
| discriminator_units | 1000 | of each of two hidden ReLU layers: the paper's |
| discriminator_learning_rate | 1e-4 | ours |
| encoder_learning_rate | 1e-4 | ours; of the second phase |

The paper's dense autoencoders learn by SGD with momentum; ours are the networks
of the other methods, and learn by Adam, with betas 0.5 and 0.9 in the second
phase. Adam takes a loss's scale away, so the phases are balanced by their
learning rates; a weight on a phase would do nothing. The log's `loss` is the
first phase's.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from cascade_jax import config as config_lib
from cascade_jax.methods.coded import CodedModel
from cascade_jax.networks import discriminators
from cascade_jax.types import (
  Method,
  Posterior,
  Report,
  Scores,
  Stage,
  TrainState,
)

DEFAULTS = {
  "discriminator_units": 1000,
  "discriminator_learning_rate": 1e-4,
  "encoder_learning_rate": 1e-4,
}

_HIDDEN_LAYERS = 2


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method for images H, W, C.

  Raises:
    UserError: an option is out of range.
  """
  return AAE(config, image_shape).method()


class Optimizers(NamedTuple):
  """The states of three Adams."""

  autoencoder: Any
  discriminator: Any
  encoder: Any  # as it learns to pass for the prior


class AAE(CodedModel):
  """An adversarial autoencoder, whose decoder may be told the true class.

  Args:
    config: a checked config.
    image_shape: H, W, C.
    num_categories: of the class, as a tuple of one; () without supervision.
  """

  def __init__(self, config, image_shape, num_categories=()):
    config_lib.check_options(
      config,
      "aae",
      discriminator_units=1,
      discriminator_learning_rate=0,
      encoder_learning_rate=0,
    )
    super().__init__(config, image_shape, num_categories, config.num_continuous)
    options = config.aae
    self.discriminator = discriminators.Learner(
      discriminators.Discriminator(_HIDDEN_LAYERS, options.discriminator_units),
      options.discriminator_learning_rate,
    )
    self.encoder_adam = optax.adam(
      options.encoder_learning_rate, b1=0.5, b2=0.9
    )

  def method(self) -> Method:
    """The functions, for the training loop."""
    return super().method()._replace(supervised=bool(self.num_categories))

  def stage(self, step: int) -> Stage:
    """The same from the first step on; there is no KL to weigh."""
    del step
    m = self.config.num_continuous
    weights = np.zeros(m, np.float32)
    return Stage(0, m, bool(self.num_categories), weights)

  def posterior(self, outputs: jax.Array) -> Posterior:
    """All of it at one point."""
    return Posterior(outputs, jnp.zeros_like(outputs))

  def init(self, seed) -> TrainState:
    """A fresh state."""
    state = super().init(seed)
    discriminator, moments = self.discriminator.init(
      seed, self.config.num_continuous
    )
    encoder_moments = self.encoder_adam.init(state.params["encoder"])
    return state._replace(
      params=state.params | {"discriminator": discriminator},
      optimizer=Optimizers(state.optimizer, moments, encoder_moments),
    )

  def score(self, state, batch, discrete) -> Scores:
    """Encodes, and decodes with the true class."""
    del discrete  # the classes are known from the first step on
    latents, encoded = self.networks.encode_and_remember(
      state.params, batch.images
    )
    costs, decoded = self.networks.score(
      state.params, batch.images, latents, self._classes(batch)[None]
    )
    return Scores(costs, (encoded, decoded))

  def update(self, state, batch, kl_weights, scores):
    """The two phases, one step of each Adam."""
    del kl_weights
    state, report = self._reconstruct(state, batch, scores)
    state, terms = self._regularise(state, batch)
    report = report._replace(terms=report.terms | terms)
    return state._replace(step=state.step + 1), report

  def _classes(self, batch) -> jax.Array:
    """The true classes' rows, `[B, S]`; `[B, 0]` without supervision."""
    if not self.num_categories:
      return jnp.zeros((len(batch.images), 0))
    return self.one_hot(batch.classes)

  def _reconstruct(self, state, batch, scores) -> tuple[TrainState, Report]:
    """The state after the first phase."""
    encoded, decoded = scores.memory
    codes, nlls = self._classes(batch), scores.costs[:, 0]

    def of_networks(params):
      latents = self.networks.encode(params, batch.images, encoded)
      nll = self.networks.reconstruct(
        params, batch.images, latents, codes, decoded, nlls
      ).mean()
      return self.objective(params, nll, kl=None)

    gradients, report = self.differentiate(state.params, of_networks)
    params, moments = self.descend(
      state.params, gradients, state.optimizer.autoencoder
    )
    optimizer = state.optimizer._replace(autoencoder=moments)
    return state._replace(params=params, optimizer=optimizer), report

  def _regularise(self, state, batch) -> tuple[TrainState, dict]:
    """The state after the second phase, and terms for the log."""
    params, optimizer = state.params, state.optimizer
    latents, back = jax.vjp(
      lambda encoder: self.networks.encode({"encoder": encoder}, batch.images),
      params["encoder"],
    )
    discriminator, moments, terms = self.discriminator.step(
      params["discriminator"],
      optimizer.discriminator,
      self.noise(state, len(latents)),
      latents,
    )

    def fooling(latents):
      logits = self.discriminator.logits(discriminator, latents)
      return discriminators.fooling_loss(logits)

    fooling_loss, gradient = jax.value_and_grad(fooling)(latents)
    changes, encoder_moments = self.encoder_adam.update(
      *back(gradient), optimizer.encoder
    )
    encoder = optax.apply_updates(params["encoder"], changes)
    state = state._replace(
      params=params | {"encoder": encoder, "discriminator": discriminator},
      optimizer=Optimizers(optimizer.autoencoder, moments, encoder_moments),
    )
    return state, terms | {"fooling_loss": fooling_loss}
