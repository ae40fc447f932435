"""beta-VAE: one KL weight for all dimensions, or an annealed capacity.

Higgins et al. 2017 weigh the KL by beta. Burgess et al. 2018 ("Understanding
disentangling in beta-VAE") pull it towards a capacity C that rises from 0.

Shapes: m continuous dimensions, H W C image.
"""

import functools

import jax

from cascade_jax import losses
from cascade_jax.methods.compose import constant_weights, vae
from cascade_jax.methods.method import About, Method
from cascade_jax.methods.options import check_at_least, check_common
from cascade_jax.networks.autoencoder import Networks
from cascade_jax.networks.posterior import gaussian, sample
from cascade_jax.types import Batch, LossInputs, LossParts, Params

ABOUT = About(
  "beta-VAE",
  "Higgins et al. 2017",
  "https://openreview.net/forum?id=Sy2fzU9gl",
  {5: ("70.11 ± 7.54",), 10: ("74.41 ± 7.68",)},
)
ABOUT_ANNEALED = About(
  "beta-VAE with annealed capacity",
  "Burgess et al. 2018",
  "https://arxiv.org/abs/1804.03599",
)


def loss(
  networks: Networks,
  params: Params,
  batch: Batch,
  inputs: LossInputs,
  *,
  weight_penalty: float,
) -> tuple[jax.Array, LossParts]:
  """Returns E_q[-log p(x|z)] + beta * KL(q(z|x) || p(z)) + L2.

  Nats per image; beta is `inputs.kl_weights`, the same for every dimension
  (Higgins et al. 2017, equation 4).
  """
  assert inputs.kl_weights is not None, "take them from the schedule's stage"
  posterior = gaussian(networks.encode(params, batch.images))
  latents = sample(posterior, inputs.noise)
  nll = networks.nll(params, batch.images, latents, inputs.codes).mean()
  kl = losses.kl_per_dimension(posterior).mean(axis=0)
  penalty = losses.weight_penalty(params, weight_penalty)
  total = nll + (inputs.kl_weights * kl).sum() + penalty
  return total, LossParts(nll, kl, {"weight_penalty": penalty})


def annealed_loss(
  networks: Networks,
  params: Params,
  batch: Batch,
  inputs: LossInputs,
  *,
  gamma: float,
  capacity: float,
  capacity_steps: int,
  weight_penalty: float,
) -> tuple[jax.Array, LossParts]:
  """Returns E_q[-log p(x|z)] + gamma * |KL(q(z|x) || p(z)) - C| + L2.

  Nats per image. The KL is summed over dimensions and averaged over the batch
  before the absolute value is taken (Burgess et al. 2018, equation 8).
  """
  posterior = gaussian(networks.encode(params, batch.images))
  latents = sample(posterior, inputs.noise)
  nll = networks.nll(params, batch.images, latents, inputs.codes).mean()
  kl = losses.kl_per_dimension(posterior)
  target = losses.capacity(inputs.step, capacity, capacity_steps)
  distance = gamma * abs(kl.sum(axis=1).mean() - target)
  penalty = losses.weight_penalty(params, weight_penalty)
  terms = {"weight_penalty": penalty, "capacity": target}
  return nll + distance + penalty, LossParts(nll, kl.mean(axis=0), terms)


def beta_vae(
  image_shape: tuple[int, int, int],
  *,
  num_continuous: int = 10,
  beta: float = 4.0,
  capacity: float = 0.0,
  capacity_steps: int = 100_000,
  gamma: float = 1000.0,
  likelihood: str = "bernoulli",
  learning_rate: float = 1e-4,
  weight_penalty: float = 0.0,
  fast_networks: bool | None = None,
) -> Method:
  """Returns the beta-VAE, or the annealed one where there is a capacity.

  Args:
    image_shape: H, W, C.
    num_continuous: m.
    beta: KL weight; Jeong & Song's table has 4 for m = 10, 10 for m = 5. It is
      without effect where there is a capacity.
    capacity: nats that C rises to; Burgess et al. have 25 for dSprites.
    capacity_steps: number of updates after which C = capacity.
    gamma: weight of the distance to C; Burgess et al. have 1000.
    likelihood: see `losses.LIKELIHOODS`.
    learning_rate: of Adam.
    weight_penalty: strength of the L2 penalty on kernels, within the loss.
    fast_networks: see `networks.autoencoder`.

  Raises:
    UserError: an argument is out of its range.
  """
  check_common(num_continuous, learning_rate, weight_penalty)
  check_at_least(
    "beta_vae",
    beta=(beta, 0),
    capacity=(capacity, 0),
    capacity_steps=(capacity_steps, 1),
    gamma=(gamma, 0),
  )
  bound = functools.partial(loss, weight_penalty=weight_penalty)
  if capacity:
    bound = functools.partial(
      annealed_loss,
      gamma=gamma,
      capacity=capacity,
      capacity_steps=capacity_steps,
      weight_penalty=weight_penalty,
    )
  return vae(
    bound,
    image_shape,
    num_continuous=num_continuous,
    likelihood=likelihood,
    learning_rate=learning_rate,
    schedule=None if capacity else constant_weights(num_continuous, beta),
    fast_networks=fast_networks,
  )
