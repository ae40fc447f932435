"""CascadeVAE with an encoder of the category in place of the flow: an ablation.

The encoder gives logits of the category too. Its soft codes (Gumbel-softmax, as
in JointVAE) stand for the codes that CascadeVAE solves for; the cascade, the
networks and all settings are CascadeVAE's. This is a module of a method as a
user would write one: `--config.method=cascade_jax.reproduce.gumbel_cascade`.

Shapes: B batch, m continuous dimensions, S categories, H W C image.
"""

import functools

import jax
import ml_collections

from cascade_jax import losses
from cascade_jax.errors import UserError
from cascade_jax.methods import codes, compose
from cascade_jax.methods.cascade import Cascade, restarted_adam
from cascade_jax.methods.joint_vae import encoded, noise, posteriors
from cascade_jax.methods.method import Method, Represent
from cascade_jax.networks.autoencoder import Networks, autoencoder
from cascade_jax.networks.posterior import gaussian, gumbel_softmax, sample
from cascade_jax.types import (
  Batch,
  LossInputs,
  LossParts,
  Params,
  Representation,
)

_TEMPERATURE = 0.67  # as in JointVAE


def loss(
  networks: Networks,
  params: Params,
  batch: Batch,
  inputs: LossInputs,
  *,
  num_categories: int,
  first_step: int,
  code_weight: float,
  weight_penalty: float,
) -> tuple[jax.Array, LossParts]:
  """Returns E_q[-log p(x|z, d)] + sum_j beta_j KL_j + code_weight KL_d + L2.

  Nats per image. Until `first_step` the code is zero and has no KL.
  `inputs.noise` holds standard normals `[B, m]` and standard Gumbels `[B, S]`.

  Args:
    networks: encoder and decoder.
    params: of the networks.
    batch: of images.
    inputs: of the step; its codes are not read.
    num_categories: S.
    first_step: the step at which the code starts.
    code_weight: KL weight of the category.
    weight_penalty: strength of the L2 penalty on kernels.
  """
  assert inputs.kl_weights is not None, "take them from the schedule's stage"
  normal, gumbel = inputs.noise
  outputs = networks.encode(params, batch.images)
  posterior, (logits,) = posteriors(outputs, normal.shape[1], (num_categories,))
  is_on = inputs.step >= first_step
  soft = is_on * gumbel_softmax(logits, gumbel, _TEMPERATURE)
  latents = sample(posterior, normal)
  nll = networks.nll(params, batch.images, latents, soft).mean()
  kl = losses.kl_per_dimension(posterior).mean(axis=0)  # [m]
  kl_discrete = is_on * losses.categorical_kl(logits).mean()
  penalty = losses.weight_penalty(params, weight_penalty)
  total = nll + (inputs.kl_weights * kl).sum() + code_weight * kl_discrete
  terms = {"weight_penalty": penalty, "kl_discrete": kl_discrete}
  return total + penalty, LossParts(nll, kl, terms)


def build(
  config: ml_collections.ConfigDict, image_shape: tuple[int, int, int]
) -> Method:
  """Returns the method; the category has the KL weight of an open dimension.

  Args:
    config: with the settings of CascadeVAE.
    image_shape: H, W, C.

  Raises:
    UserError: there is not exactly one discrete variable.
  """
  m = config.num_continuous
  sizes = tuple(config.num_categories)
  if len(sizes) != 1:
    raise UserError(
      f"config.num_categories is {sizes}; it must name one number"
    )
  cascade = Cascade(
    m,
    config.beta_low,
    config.beta_high,
    config.phase_steps,
    config.discrete_start_phase,
  )
  networks = autoencoder(
    image_shape, 2 * m + sizes[0], config.likelihood, config.fast_networks
  )
  adam = restarted_adam(config.learning_rate, m)
  bound = functools.partial(
    loss,
    num_categories=sizes[0],
    first_step=cascade.start_of(config.discrete_start_phase),
    code_weight=config.beta_low,
    weight_penalty=config.weight_penalty,
  )
  make_inputs = compose.loss_inputs(noise(m, sizes[0]), sizes)
  return Method(
    schedule=cascade.stage,
    init=compose.initial_state(networks, adam, m, sizes[0]),
    update=compose.gradient_step(bound, networks, adam, make_inputs),
    represent=_represent(networks, m, sizes),
    decode=codes.decoder_means(networks, sizes),
    forward=compose.recorded_loss(bound, networks, make_inputs, m),
    num_categories=sizes,
  )


def _represent(
  networks: Networks, num_continuous: int, num_categories: tuple[int, ...]
) -> Represent:
  """Returns inference by the encoder; without categories before they start."""
  with_code = encoded(networks, num_continuous, num_categories)
  without = codes.most_likely(
    networks,
    lambda outputs: gaussian(outputs[:, : 2 * num_continuous]),
    num_categories,
  )

  def represent(
    params: Params, images: jax.Array, discrete: bool
  ) -> Representation[jax.Array]:
    return (with_code if discrete else without)(params, images, discrete)

  return represent
