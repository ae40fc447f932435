"""beta-VAE: one KL weight on all dimensions, or an annealed capacity.

Higgins et al. 2017: loss = reconstruction + beta * KL. Jeong & Song's table has
beta = 4 with m = 10, and beta = 10 with m = 5, for dSprites.

With a `capacity`, Burgess et al. 2018 ("Understanding disentangling in
beta-VAE"): loss = reconstruction + gamma * |KL - C|, where C rises from 0 to
`capacity` nats over `capacity_steps`, and beta is without effect. The KL is
summed over dimensions and averaged over the batch before the absolute value.
For dSprites that paper has gamma 1000, and C up to 25 nats over 100,000 steps.
"""

from cascade_jax import config as config_lib
from cascade_jax import losses
from cascade_jax.methods.vae import GaussianVAE
from cascade_jax.types import Method

DEFAULTS = {
  "beta": 4.0,
  "capacity": 0.0,  # nats; 0: beta is the weight, nothing is annealed
  "capacity_steps": 100_000,
  "gamma": 1000.0,
}


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method for images H, W, C."""
  config_lib.check_options(
    config, "beta_vae", beta=0, capacity=0, capacity_steps=1, gamma=0
  )
  is_annealed = config.beta_vae.capacity > 0
  vae = _AnnealedVAE if is_annealed else _BetaVAE
  return vae(config, image_shape).method()


class _BetaVAE(GaussianVAE):
  """Higgins et al.: the weights of the stage."""

  def __init__(self, config, image_shape):
    super().__init__(config, image_shape)
    self.kl_weight = config.beta_vae.beta


class _AnnealedVAE(GaussianVAE):
  """Burgess et al.: the weights of the stage are one, and not looked at."""

  def regulariser(self, state, posterior, latents, kl_weights):
    """gamma * |KL - C|, and the capacity C in nats."""
    del latents, kl_weights
    options = self.config.beta_vae
    capacity = losses.capacity(
      state.step, options.capacity, options.capacity_steps
    )
    kl = losses.kl_per_dimension(posterior).sum(axis=1).mean()
    return options.gamma * abs(kl - capacity), {"capacity": capacity}
