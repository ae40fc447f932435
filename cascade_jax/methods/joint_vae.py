"""JointVAE (Dupont, NeurIPS 2018): a VAE with a relaxed discrete code.

The encoder gives a Gaussian posterior and, for each discrete variable, a
categorical one. Training samples the latter as soft codes (Gumbel-softmax); the
most likely categories, one-hot, stand for them at test time. The objective
pulls the KL of each kind towards a capacity that rises during training.

"The reference" is the author's code, github.com/Schlumberger/joint-vae. Its
dSprites run has a learning rate of 5e-4 and no weight penalty.

Shapes: B batch, m continuous dimensions, S categories of one discrete variable
or, in codes, of all together, H W C image.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from cascade_jax import losses
from cascade_jax.methods import codes as codes_lib
from cascade_jax.methods import compose
from cascade_jax.methods.method import About, Method, Represent
from cascade_jax.methods.options import (
  check_at_least,
  check_categories,
  check_common,
)
from cascade_jax.networks.autoencoder import Networks, autoencoder
from cascade_jax.networks.posterior import gaussian, gumbel_softmax, sample
from cascade_jax.types import (
  Batch,
  LossInputs,
  LossParts,
  Params,
  Posterior,
  Representation,
)

ABOUT = About(
  "JointVAE",
  "Dupont 2018",
  "https://arxiv.org/abs/1804.00104",
  {
    6: ("74.51 ± 5.17", "44.79 ± 3.88"),
    4: ("73.06 ± 2.18", "43.99 ± 3.94"),
  },
)


def loss(
  networks: Networks,
  params: Params,
  batch: Batch,
  inputs: LossInputs,
  *,
  num_categories: tuple[int, ...],
  gamma: float,
  capacity_continuous: float,
  capacity_discrete: float,
  capacity_steps: int,
  temperature: float,
  weight_penalty: float,
) -> tuple[jax.Array, LossParts]:
  """Returns E_q[-log p(x|z, d)] + gamma |KL_z - C_z| + gamma |KL_d - C_d| + L2.

  Nats per image (Dupont 2018, equation 7). Each KL is summed over its
  dimensions or variables, and averaged over the batch before the absolute
  value is taken, as in the reference. So is the cap of C_d: sum(log S), the
  most that KL_d can be. `inputs.noise` holds the standard normals `[B, m]` and
  the standard Gumbels `[B, S]`; `inputs.codes` is not read, codes are sampled.
  """
  normal, gumbel = inputs.noise
  outputs = networks.encode(params, batch.images)
  posterior, logits = posteriors(outputs, normal.shape[1], num_categories)
  latents = sample(posterior, normal)
  soft = [
    gumbel_softmax(of_variable, gumbels, temperature)
    for of_variable, gumbels in zip(logits, by_variable(gumbel, num_categories))
  ]
  codes = jnp.concatenate(soft, axis=1)
  nll = networks.nll(params, batch.images, latents, codes).mean()
  kl = losses.kl_per_dimension(posterior).mean(axis=0)
  kl_discrete = jnp.asarray(
    sum(losses.categorical_kl(each).mean() for each in logits)
  )
  target = losses.capacity(inputs.step, capacity_continuous, capacity_steps)
  target_discrete = jnp.minimum(
    losses.capacity(inputs.step, capacity_discrete, capacity_steps),
    math.log(math.prod(num_categories)),
  )
  distance = jnp.abs(kl.sum() - target) + jnp.abs(kl_discrete - target_discrete)
  penalty = losses.weight_penalty(params, weight_penalty)
  terms = {
    "weight_penalty": penalty,
    "kl_discrete": kl_discrete,
    "capacity_continuous": target,
    "capacity_discrete": target_discrete,
  }
  return nll + gamma * distance + penalty, LossParts(nll, kl, terms)


def joint_vae(
  image_shape: tuple[int, int, int],
  *,
  num_continuous: int = 6,
  num_categories: tuple[int, ...] = (3,),
  gamma: float = 150.0,
  capacity_continuous: float = 40.0,
  capacity_discrete: float = 1.1,
  capacity_steps: int = 300_000,
  temperature: float = 0.67,
  likelihood: str = "bernoulli",
  learning_rate: float = 5e-4,
  weight_penalty: float = 0.0,
  fast_networks: bool | None = None,
) -> Method:
  """Returns JointVAE; the defaults are those of the reference's dSprites run.

  They are in its trained_models/dsprites/specs.json and jointvae/models.py.

  Args:
    image_shape: H, W, C.
    num_continuous: m.
    num_categories: of each discrete variable.
    gamma: weight of both distances.
    capacity_continuous: nats at the end, for all dimensions together.
    capacity_discrete: nats at the end, for all variables together; capped at
      sum(log S).
    capacity_steps: number of updates after which both are reached.
    temperature: of the soft codes, 1e-3 or more.
    likelihood: see `losses.LIKELIHOODS`.
    learning_rate: of Adam.
    weight_penalty: strength of the L2 penalty on kernels, within the loss.
    fast_networks: see `networks.autoencoder`.

  Raises:
    UserError: an argument is out of its range.
  """
  check_common(num_continuous, learning_rate, weight_penalty)
  check_categories(num_categories)
  check_at_least(
    "joint_vae",
    gamma=(gamma, 0),
    capacity_continuous=(capacity_continuous, 0),
    capacity_discrete=(capacity_discrete, 0),
    capacity_steps=(capacity_steps, 1),
    temperature=(temperature, 1e-3),
  )
  code_length = sum(num_categories)
  networks = autoencoder(
    image_shape, 2 * num_continuous + code_length, likelihood, fast_networks
  )
  adam = optax.adam(learning_rate)
  bound = functools.partial(
    loss,
    num_categories=num_categories,
    gamma=gamma,
    capacity_continuous=capacity_continuous,
    capacity_discrete=capacity_discrete,
    capacity_steps=capacity_steps,
    temperature=temperature,
    weight_penalty=weight_penalty,
  )

  make_inputs = compose.loss_inputs(
    noise(num_continuous, code_length), num_categories
  )
  return Method(
    schedule=compose.one_stage(discrete=True),
    init=compose.initial_state(networks, adam, num_continuous, code_length),
    update=compose.gradient_step(bound, networks, adam, make_inputs),
    represent=encoded(networks, num_continuous, num_categories),
    decode=codes_lib.decoder_means(networks, num_categories),
    forward=compose.recorded_loss(bound, networks, make_inputs, num_continuous),
    num_categories=num_categories,
  )


def posteriors(
  outputs: jax.Array, num_continuous: int, num_categories: tuple[int, ...]
) -> tuple[Posterior, list[jax.Array]]:
  """Splits encoder outputs into q(z|x) and the logits `[B, S]` of each q(d|x).

  Args:
    outputs: `[B, 2 m + sum(S)]`.
    num_continuous: m.
    num_categories: of each discrete variable.
  """
  outputs, logits = jnp.split(outputs, [2 * num_continuous], axis=1)
  return gaussian(outputs), by_variable(logits, num_categories)


def by_variable(
  rows: jax.Array, num_categories: tuple[int, ...]
) -> list[jax.Array]:
  """Splits rows over all categories into those of each discrete variable."""
  return jnp.split(rows, np.cumsum(num_categories)[:-1], axis=1)


def noise(num_continuous: int, code_length: int) -> compose.DrawNoise:
  """Returns the map from a key to normals `[B, m]` and Gumbels `[B, S]`."""

  def draw(key: jax.Array, batch_size: int) -> tuple[jax.Array, jax.Array]:
    normal_key, gumbel_key = jax.random.split(key)
    return (
      jax.random.normal(normal_key, (batch_size, num_continuous)),
      jax.random.gumbel(gumbel_key, (batch_size, code_length)),
    )

  return draw


def encoded(
  networks: Networks,
  num_continuous: int,
  num_categories: tuple[int, ...],
) -> Represent:
  """Returns inference by the encoder, at the most likely categories.

  It gives categories whether the discrete code is in use or not.

  Args:
    networks: encoder and decoder.
    num_continuous: m.
    num_categories: of each discrete variable.
  """

  def represent(
    params: Params, images: jax.Array, discrete: bool
  ) -> Representation[jax.Array]:
    del discrete
    outputs = networks.encode(params, images)
    posterior, logits = posteriors(outputs, num_continuous, num_categories)
    best = [each.argmax(axis=1) for each in logits]
    rows = map(jax.nn.one_hot, best, num_categories)
    codes = jnp.concatenate(list(rows), axis=1)
    return Representation(
      *posterior,
      jnp.stack(best, axis=1).astype(jnp.int32),
      networks.nll(params, images, posterior.mean, codes),
    )

  return represent
