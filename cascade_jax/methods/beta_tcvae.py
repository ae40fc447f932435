"""beta-TCVAE (Chen et al. 2018): a heavier weight on the total correlation.

Shapes: m continuous dimensions, H W C image.
"""

import functools

import jax

from cascade_jax import losses
from cascade_jax.methods.compose import vae
from cascade_jax.methods.method import About, Method
from cascade_jax.methods.options import check_at_least, check_common
from cascade_jax.networks.autoencoder import Networks
from cascade_jax.networks.posterior import gaussian, sample
from cascade_jax.types import Batch, LossInputs, LossParts, Params

ABOUT = About(
  "beta-TCVAE", "Chen et al. 2018", "https://arxiv.org/abs/1802.04942"
)


def loss(
  networks: Networks,
  params: Params,
  batch: Batch,
  inputs: LossInputs,
  *,
  beta: float,
  weight_penalty: float,
) -> tuple[jax.Array, LossParts]:
  """Returns E_q[-log p(x|z)] + KL(q(z|x) || p(z)) + (beta - 1) * TC(z) + L2.

  Nats per image. It equals mutual information + beta * TC + dimension-wise KL
  (Chen et al. 2018, equation 4 with alpha = gamma = 1). The KL is exact. The
  total correlation is estimated on the batch (`losses.total_correlation`) and
  is no more accurate than the batch allows.
  """
  posterior = gaussian(networks.encode(params, batch.images))
  latents = sample(posterior, inputs.noise)
  nll = networks.nll(params, batch.images, latents, inputs.codes).mean()
  kl = losses.kl_per_dimension(posterior).mean(axis=0)
  correlation = losses.total_correlation(posterior, latents)
  penalty = losses.weight_penalty(params, weight_penalty)
  total = nll + (kl.sum() + (beta - 1) * correlation) + penalty
  terms = {"weight_penalty": penalty, "total_correlation": correlation}
  return total, LossParts(nll, kl, terms)


def beta_tcvae(
  image_shape: tuple[int, int, int],
  *,
  num_continuous: int = 10,
  beta: float = 6.0,
  likelihood: str = "bernoulli",
  learning_rate: float = 1e-4,
  weight_penalty: float = 0.0,
  fast_networks: bool | None = None,
) -> Method:
  """Returns the beta-TCVAE.

  The authors' code takes 2,048 images a batch at a learning rate of 1e-3, and
  dense networks for dSprites.

  Args:
    image_shape: H, W, C.
    num_continuous: m.
    beta: weight of the total correlation; 6 in the authors' example.
    likelihood: see `losses.LIKELIHOODS`.
    learning_rate: of Adam.
    weight_penalty: strength of the L2 penalty on kernels, within the loss.
    fast_networks: see `networks.autoencoder`.

  Raises:
    UserError: an argument is out of its range.
  """
  check_common(num_continuous, learning_rate, weight_penalty)
  check_at_least("beta_tcvae", beta=(beta, 0))
  return vae(
    functools.partial(loss, beta=beta, weight_penalty=weight_penalty),
    image_shape,
    num_continuous=num_continuous,
    likelihood=likelihood,
    learning_rate=learning_rate,
    fast_networks=fast_networks,
  )
