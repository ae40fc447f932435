"""The terms of the objective, per example; the caller reduces them.

Letters: B batch, m continuous dimensions, S categories of one discrete
variable, H W C image.
"""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.types import Posterior

LIKELIHOODS = ("bernoulli", "gaussian")


def bernoulli_nll(images: jax.Array, logits: jax.Array) -> jax.Array:
  """-log p(x | logits), nats per image `[B]`, SUMMED over pixels and channels.

  The betas of the paper assume the sum; a mean would have to be multiplied by
  H*W*C. Grey values in [0, 1] are taken as probabilities (a cross entropy).

  Args:
    images: `[B, H, W, C]` in [0, 1].
    logits: `[B, H, W, C]`.
  """
  chex.assert_equal_shape([images, logits])
  # Exact where the decoder is sure: for pixels of 0 or 1 nothing cancels.
  distance = jnp.maximum(logits, 0) - images * logits
  return (distance + jnp.log1p(jnp.exp(-jnp.abs(logits)))).sum(axis=(1, 2, 3))


def gaussian_nll(images: jax.Array, logits: jax.Array) -> jax.Array:
  """-log N(x; sigmoid(logits), 1), nats per image `[B]`, summed over pixels.

  Unit variance, its constant included; means stay in [0, 1] like the images.

  Args:
    images: `[B, H, W, C]` in [0, 1].
    logits: `[B, H, W, C]`.
  """
  chex.assert_equal_shape([images, logits])
  squared_error = (images - jax.nn.sigmoid(logits)) ** 2
  return (0.5 * (squared_error + np.log(2 * np.pi))).sum(axis=(1, 2, 3))


def reconstruction_nll(
  likelihood: str, images: jax.Array, logits: jax.Array
) -> jax.Array:
  """The negative log-likelihood of that name, nats per image `[B]`."""
  nll = {"bernoulli": bernoulli_nll, "gaussian": gaussian_nll}[likelihood]
  return nll(images, logits)


@jax.custom_vjp
def known_nll(logits: jax.Array, nll: jax.Array, slope: jax.Array) -> jax.Array:
  """A negative log-likelihood that is known already, for its gradient.

  Args:
    logits: `[B, H, W, C]`, whose gradient is wanted; not read.
    nll: `[B]`, its value there.
    slope: `[B, H, W, C]`, its derivative by the logits there.

  Returns:
    `nll`.
  """
  del logits, slope
  return nll


def _known_nll_forward(logits, nll, slope):
  del logits
  return nll, slope


def _known_nll_backward(slope, g):
  logits_gradient = g[:, None, None, None] * slope
  return logits_gradient, jnp.zeros_like(g), jnp.zeros_like(slope)


known_nll.defvjp(_known_nll_forward, _known_nll_backward)


def kl_per_dimension(posterior: Posterior) -> jax.Array:
  """KL(q(z_j|x) || N(0, 1)), nats `[B, m]`.

  0.5 * (mean^2 + scale^2 - log(scale^2) - 1). The small constant inside the
  logarithm is the authors': a scale that underflows stays finite.
  """
  mean, scale = posterior
  return 0.5 * (mean**2 + scale**2 - 2 * jnp.log(scale + 1e-8) - 1)


def total_correlation(posterior: Posterior, latents: jax.Array) -> jax.Array:
  """KL(q(z) || prod_j q(z_j)), nats, a scalar, estimated on the batch.

  mean_i( log q(z_i) - sum_j log q(z_ij) ) with the batch in the data's place:
  q(z) ~ mean_k q(z|x_k). The minibatch-weighted sampling of Chen et al. 2018
  (equation S4) divides by the size N of the data set too. That has no gradient
  and is left out: theirs is this estimate + (m - 1) * log N.

  Args:
    posterior: q(z|x), fields `[B, m]`.
    latents: `[B, m]`, a sample of each.
  """
  mean, scale = posterior
  scale = scale + 1e-8  # as in the KL
  deviations = (latents[:, None] - mean) / scale  # [B of z, B of x, m]
  log_each = -0.5 * deviations**2 - jnp.log(scale) - 0.5 * np.log(2 * np.pi)
  log_joint = jax.nn.logsumexp(log_each.sum(axis=2), axis=1)
  log_marginals = jax.nn.logsumexp(log_each, axis=1)
  log_size = np.log(len(mean))
  return (log_joint - log_size - (log_marginals - log_size).sum(axis=1)).mean()


def categorical_kl(logits: jax.Array) -> jax.Array:
  """KL(q(d|x) || uniform), nats `[B]`, of one discrete variable.

  log S less the entropy of q, so log S at most.

  Args:
    logits: `[B, S]`; any constant may be added to a row.
  """
  log_q = jax.nn.log_softmax(logits)
  return np.log(logits.shape[-1]) + (jnp.exp(log_q) * log_q).sum(axis=-1)


def capacity(step: jax.Array, highest: float, steps: int) -> jax.Array:
  """The KL, in nats, that is aimed at: from 0 up by a line, then `highest`.

  Burgess et al. 2018, "Understanding disentangling in beta-VAE".

  Args:
    step: updates done.
    highest: nats, of all dimensions together.
    steps: after so many it is reached.
  """
  return highest * jnp.minimum(step / steps, 1)


def weight_penalty(params, strength: float) -> jax.Array:
  """strength * sum(w^2) / 2 over all kernels, not biases; a scalar.

  It belongs INTO the loss, so that Adam sees its gradient, as in the authors'
  code; decoupled weight decay would be another method.
  """
  leaves = jax.tree_util.tree_leaves_with_path(params)
  kernels = [leaf for path, leaf in leaves if path[-1].key == "kernel"]
  return 0.5 * strength * sum((kernel**2).sum() for kernel in kernels)
