"""Codes that a decoder sees, and inference of the most likely one.

Shapes: B batch, m continuous dimensions, D discrete variables, S categories of
all of them together, K joint codes, H W C image.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

from cascade_jax.methods.method import Decode, Represent
from cascade_jax.networks.autoencoder import Networks
from cascade_jax.networks.posterior import gaussian, sample
from cascade_jax.types import Params, Posterior, Representation


def one_hot(
  categories: jax.Array, num_categories: tuple[int, ...]
) -> jax.Array:
  """Maps joint categories `[B]` to codes `[B, S]`; -1 to a row of zeros."""
  rows = [jnp.zeros((categories.shape[0], 0))]
  for variable in reversed(num_categories):
    of_variable = jnp.where(categories < 0, -1, categories % variable)
    rows.append(jax.nn.one_hot(of_variable, variable))
    categories = categories // variable  # -1 stays -1
  return jnp.concatenate(rows[::-1], axis=1)


def candidates(num_categories: tuple[int, ...], discrete: bool) -> jax.Array:
  """Returns the codes `[K, S]` to choose from: all, or only the zero code."""
  if not discrete:
    return jnp.zeros((1, sum(num_categories)))
  return one_hot(jnp.arange(math.prod(num_categories)), num_categories)


def variables(
  categories: jax.Array, num_categories: tuple[int, ...]
) -> jax.Array:
  """Maps joint categories `[B]` to the category of each variable, `[B, D]`."""
  columns = jnp.unravel_index(categories, num_categories)
  return jnp.stack(columns, axis=1).astype(jnp.int32)


def costs(
  networks: Networks,
  params: Params,
  images: jax.Array,
  latents: jax.Array,
  codes: jax.Array,
) -> jax.Array:
  """Returns -log p(x | z, code), nats `[B, K]`, one decoder pass for all.

  Args:
    networks: whose decoder is used.
    params: of the networks.
    images: `[B, H, W, C]`.
    latents: `[B, m]`, the same for each code.
    codes: `[K, S]`.
  """
  num_codes = len(codes)
  nlls = networks.nll(
    params,
    jnp.tile(images, (num_codes, 1, 1, 1)),
    jnp.tile(latents, (num_codes, 1)),
    jnp.repeat(codes, images.shape[0], axis=0),
  )
  return nlls.reshape(num_codes, -1).T


def unary_costs(
  networks: Networks,
  params: Params,
  images: jax.Array,
  noise: jax.Array,
  codes: jax.Array,
) -> jax.Array:
  """Returns u_i[k] = -log p(x_i | z_i, code k), nats `[B, K]`.

  z_i is one sample of the Gaussian posterior, the same for all codes and for
  the loss (Jeong & Song 2019, section 4).

  Args:
    networks: encoder and decoder.
    params: of the networks.
    images: `[B, H, W, C]`.
    noise: `[B, m]`, that of the step's loss.
    codes: `[K, S]`.
  """
  latents = sample(gaussian(networks.encode(params, images)), noise)
  return costs(networks, params, images, latents, codes)


def most_likely(
  networks: Networks,
  posterior_of: Callable[[jax.Array], Posterior],
  num_categories: tuple[int, ...],
) -> Represent:
  """Returns inference at the posterior mean and the most likely joint code.

  There is no flow at test time: each image takes the code under which the
  decoder reconstructs it best (the authors' code does the same).

  Args:
    networks: encoder and decoder.
    posterior_of: maps the encoder's outputs to q(z|x).
    num_categories: of each discrete variable.
  """

  def represent(
    params: Params, images: jax.Array, discrete: bool
  ) -> Representation[jax.Array]:
    posterior = posterior_of(networks.encode(params, images))
    codes = candidates(num_categories, discrete)
    nlls = costs(networks, params, images, posterior.mean, codes)
    best = nlls.argmin(axis=1)
    categories = jnp.zeros((images.shape[0], 0), jnp.int32)
    if discrete:
      categories = variables(best, num_categories)
    return Representation(*posterior, categories, nlls.min(axis=1))

  return represent


def decoder_means(
  networks: Networks, num_categories: tuple[int, ...]
) -> Decode:
  """Returns the decoder as a map to mean images `[B, H, W, C]` in [0, 1]."""

  def decode(
    params: Params, latents: jax.Array, categories: jax.Array
  ) -> jax.Array:
    codes = one_hot(categories, num_categories)
    return jax.nn.sigmoid(networks.decode(params, latents, codes))

  return decode
