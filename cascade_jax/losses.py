"""The terms of the objectives, one value per image; the caller reduces them.

Shapes: B batch, m continuous dimensions, S categories of one discrete
variable, H W C image.
"""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.types import Params, Posterior

LIKELIHOODS = ("bernoulli", "gaussian")


def bernoulli_nll(images: jax.Array, logits: jax.Array) -> jax.Array:
  """Returns -log p(x | logits), nats per image `[B]`, SUMMED over pixels.

  It is summed over channels too. The betas of the paper assume the sum; a mean
  would have to be multiplied by H*W*C. Grey values in [0, 1] are treated as
  probabilities (a cross entropy).

  Args:
    images: `[B, H, W, C]` in [0, 1].
    logits: `[B, H, W, C]`.
  """
  chex.assert_equal_shape([images, logits])
  # Accurate where the decoder is certain: nothing cancels at pixels of 0 or 1.
  distance = jnp.maximum(logits, 0) - images * logits
  return (distance + jnp.log1p(jnp.exp(-jnp.abs(logits)))).sum(axis=(1, 2, 3))


def gaussian_nll(images: jax.Array, logits: jax.Array) -> jax.Array:
  """Returns -log N(x; sigmoid(logits), 1), nats per image `[B]`.

  It is summed over pixels and channels. The variance is 1, and its constant is
  included; the means lie in [0, 1] like the images.

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
  """Returns the negative log-likelihood, nats per image `[B]`.

  Args:
    likelihood: one of `LIKELIHOODS`.
    images: `[B, H, W, C]` in [0, 1].
    logits: `[B, H, W, C]`.
  """
  nll = {"bernoulli": bernoulli_nll, "gaussian": gaussian_nll}[likelihood]
  return nll(images, logits)


def kl_per_dimension(posterior: Posterior) -> jax.Array:
  """Returns KL(q(z_j|x) || N(0, 1)), nats `[B, m]`.

  0.5 * (mean^2 + scale^2 - log(scale^2) - 1). The small constant inside the
  logarithm is the authors': it keeps the KL finite if the scale underflows.
  """
  mean, scale = posterior
  return 0.5 * (mean**2 + scale**2 - 2 * jnp.log(scale + 1e-8) - 1)


def mean_kl(mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
  """Returns the KL of each dimension, nats `[m]`, averaged over images.

  For what a model inferred, on the host: NumPy in and out.

  Args:
    mean: `[N, m]` of the posteriors of N images.
    scale: `[N, m]`.
  """
  posterior = Posterior(*jax.device_put((mean, scale)))
  return jax.device_get(jax.jit(kl_per_dimension)(posterior)).mean(axis=0)


def total_correlation(posterior: Posterior, latents: jax.Array) -> jax.Array:
  """Returns KL(q(z) || prod_j q(z_j)), a scalar in nats, from the batch alone.

  It is mean_i( log q(z_i) - sum_j log q(z_ij) ), where the batch stands for the
  data set: q(z) ~ mean_k q(z|x_k). The minibatch-weighted sampling of Chen et
  al. 2018 (equation S4) also divides by the size N of the data set. That term
  has no gradient and is left out: their estimate is this one plus
  (m - 1) * log N.

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
  """Returns KL(q(d|x) || uniform) of one discrete variable, nats `[B]`.

  It is log S minus the entropy of q, so at most log S.

  Args:
    logits: `[B, S]`; a constant may be added to any row.
  """
  log_q = jax.nn.log_softmax(logits)
  return np.log(logits.shape[-1]) + (jnp.exp(log_q) * log_q).sum(axis=-1)


def capacity(step: jax.Array, highest: float, steps: int) -> jax.Array:
  """Returns the target of the KL in nats: a linear rise from 0 to `highest`.

  Burgess et al. 2018, "Understanding disentangling in beta-VAE".

  Args:
    step: updates done.
    highest: nats, for all dimensions together.
    steps: number of updates after which `highest` is reached.
  """
  return highest * jnp.minimum(step / steps, 1)


def weight_penalty(params: Params, strength: float) -> jax.Array:
  """Returns strength * sum(w^2) / 2 over all kernels, not biases; a scalar.

  It is part of the loss, so that Adam sees its gradient, as in the authors'
  code. Decoupled weight decay would be another method.
  """
  leaves = jax.tree_util.tree_leaves_with_path(params)
  kernels = [leaf for path, leaf in leaves if path[-1].key == "kernel"]
  return 0.5 * strength * sum((kernel**2).sum() for kernel in kernels)
