"""FactorVAE (Kim & Mnih 2018): a VAE that pays for total correlation.

Objective: mean_B(reconstruction + KL) + gamma * TC, in nats per image, where
the total correlation TC = KL(q(z) || prod_j q(z_j)) is the mean logit of a
discriminator, which learns meanwhile to tell samples of q(z) from such of
prod_j q(z_j).

As in that paper's Algorithm 2, one batch trains the VAE and shows q(z) to the
discriminator; another is only encoded, and its dimensions permuted. They are
the halves of ours: a `config.batch_size` of 128 is the paper's 64. There the
second batch is encoded after the VAE's step; here by the same parameters as the
first, and both networks learn at once.

`config.factor_vae`, as the paper has it according to those who quote it:

| key | default | |
|---|---|---|
| gamma | 35 | for dSprites |
| discriminator_layers | 6 | hidden, of leaky ReLUs |
| discriminator_units | 1000 | of each |
| discriminator_learning_rate | 1e-4 | of Adam with betas 0.5 and 0.9 |

The slope of the leaky ReLUs, 0.2, is that of published code. Theirs has two
logits, of which the difference counts: our one. Its kernels start Glorot
uniform, like our other dense layers, and bear no weight penalty.
"""

from typing import Any, NamedTuple

import jax

from cascade_jax import config as config_lib
from cascade_jax.errors import UserError
from cascade_jax.methods.vae import GaussianVAE
from cascade_jax.networks import discriminators, models
from cascade_jax.types import Batch, Method, TrainState

DEFAULTS = {
  "gamma": 35.0,
  "discriminator_units": 1000,
  "discriminator_layers": 6,
  "discriminator_learning_rate": 1e-4,
}

_SLOPE = 0.2


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method for images H, W, C.

  Raises:
    UserError: a batch that has no two halves of two images or more, or an
      option that is out of range.
  """
  if config.batch_size < 4 or config.batch_size % 2:
    raise UserError(
      f"config.batch_size is {config.batch_size}; it must be even and 4 or "
      "more with config.method 'factor_vae', which halves each batch"
    )
  config_lib.check_options(
    config,
    "factor_vae",
    gamma=0,
    discriminator_units=1,
    discriminator_layers=1,
    discriminator_learning_rate=0,
  )
  return FactorVAE(config, image_shape).method()


class Optimizers(NamedTuple):
  """The states of two Adams."""

  vae: Any
  discriminator: Any


class FactorVAE(GaussianVAE):
  """A VAE and a discriminator of its latents."""

  def __init__(self, config, image_shape):
    super().__init__(config, image_shape)
    options = config.factor_vae
    self.gamma = options.gamma
    self.discriminator = discriminators.Learner(
      discriminators.Discriminator(
        options.discriminator_layers, options.discriminator_units, _SLOPE
      ),
      options.discriminator_learning_rate,
    )

  def regulariser(self, state, posterior, latents, kl_weights):
    """The KL, and gamma times the mean log q(z) / prod_j q(z_j)."""
    kl, _ = super().regulariser(state, posterior, latents, kl_weights)
    total_correlation = self.discriminator.logits(
      state.params["discriminator"], latents
    ).mean()
    terms = {"total_correlation": total_correlation}
    return kl + self.gamma * total_correlation, terms

  def init(self, seed) -> TrainState:
    """A fresh state."""
    state = super().init(seed)
    discriminator, moments = self.discriminator.init(
      seed, self.config.num_continuous
    )
    return state._replace(
      params=state.params | {"discriminator": discriminator},
      optimizer=Optimizers(state.optimizer, moments),
    )

  def score(self, state, batch, discrete):
    """The VAE's forward pass of one half; latents of the other, permuted."""
    first, second = _halves(batch)
    scores = super().score(state, first, discrete)
    noise_key, order_key = jax.random.split(
      jax.random.fold_in(self.key(state), 1)  # 1: other noise than the first's
    )
    posterior = models.posterior(
      self.networks.encode(state.params, second.images)
    )
    noise = jax.random.normal(noise_key, posterior.mean.shape)
    permuted = discriminators.permute_dimensions(
      order_key, models.sample(posterior, noise)
    )
    return scores._replace(memory=(scores.memory, permuted))

  def update(self, state, batch, kl_weights, scores):
    """One step of both Adams, from the same parameters."""
    memory, permuted = scores.memory
    gradients, report, latents = self.gradients(
      state, _halves(batch)[0], kl_weights, scores._replace(memory=memory)
    )
    params, vae = self.descend(state.params, gradients, state.optimizer.vae)
    discriminator, moments, terms = self.discriminator.step(
      state.params["discriminator"],
      state.optimizer.discriminator,
      latents,
      permuted,
    )
    after = TrainState(
      state.step + 1,
      state.seed,
      params | {"discriminator": discriminator},
      Optimizers(vae, moments),
    )
    return after, report._replace(terms=report.terms | terms)


def _halves(batch: Batch) -> tuple[Batch, Batch]:
  half = len(batch.images) // 2
  return Batch(batch.images[:half]), Batch(batch.images[half:])
