"""beta-TCVAE (Chen et al. 2018): more weight on the total correlation alone.

loss = reconstruction + KL + (beta - 1) * TC, which is the paper's mutual
information + beta * TC + dimension-wise KL (equation 4 with alpha = gamma = 1).
The KL is exact; the TC is estimated on the batch (see
`losses.total_correlation`), and no better than the batch shows it. The authors'
code takes 2,048 images a batch at a learning rate of 1e-3, and dense networks
for dSprites. Their example there has beta = 6.
"""

from cascade_jax import config as config_lib
from cascade_jax import losses
from cascade_jax.methods.vae import GaussianVAE
from cascade_jax.types import Method

DEFAULTS = {"beta": 6.0}


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method for images H, W, C."""
  config_lib.check_options(config, "beta_tcvae", beta=0)
  return _BetaTCVAE(config, image_shape).method()


class _BetaTCVAE(GaussianVAE):
  """The weights of the stage are one: the part of the plain KL."""

  def regulariser(self, state, posterior, latents, kl_weights):
    """KL + (beta - 1) * TC, and the TC in nats."""
    kl, _ = super().regulariser(state, posterior, latents, kl_weights)
    correlation = losses.total_correlation(posterior, latents)
    weight = self.config.beta_tcvae.beta - 1
    return kl + weight * correlation, {"total_correlation": correlation}
