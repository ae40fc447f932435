"""Networks small enough to be written in NumPy, for the tests of losses."""

import jax
import jax.numpy as jnp
import numpy as np


class LinearNetworks:
  """Linear maps in the place of an autoencoder's networks.

  Parameters are `{"encoder": {"kernel": [pixels, n]}, "decoder": {"kernel":
  [m + S, pixels]}}`, and the likelihood is Bernoulli.
  """

  def encode(self, params, images):
    return images.reshape(len(images), -1) @ params["encoder"]["kernel"]

  def decode(self, params, latents, codes):
    inputs = jnp.concatenate([latents, codes], axis=1)
    return (inputs @ params["decoder"]["kernel"]).reshape(-1, 4, 4, 1)

  def nll(self, params, images, latents, codes):
    logits = self.decode(params, latents, codes)
    # -log p(x) = softplus(-logit) for a pixel of 1, softplus(logit) for 0.
    nll = images * jax.nn.softplus(-logits)
    nll += (1 - images) * jax.nn.softplus(logits)
    return nll.sum(axis=(1, 2, 3))


def problem(num_outputs, num_inputs, batch=4, seed=0):
  """Returns parameters and images `[batch, 4, 4, 1]`."""
  rng = np.random.default_rng(seed)
  images = rng.integers(0, 2, (batch, 4, 4, 1)).astype(np.float32)
  params = {
    "encoder": {"kernel": 0.3 * rng.standard_normal((16, num_outputs))},
    "decoder": {"kernel": rng.standard_normal((num_inputs, 16))},
  }
  return jax.tree.map(jnp.float32, params), jnp.asarray(images)


def posterior_in_numpy(params, images, m):
  """Returns mean and scale of the Gaussian posterior, in float64."""
  flat = np.asarray(images, float).reshape(len(images), -1)
  outputs = flat @ np.asarray(params["encoder"]["kernel"], float)
  return outputs[:, :m], np.log1p(np.exp(outputs[:, m : 2 * m]))


def nll_in_numpy(params, images, latents, codes):
  """Returns the mean negative log-likelihood, nats per image, in float64."""
  inputs = np.concatenate([latents, codes], axis=1)
  logits = inputs @ np.asarray(params["decoder"]["kernel"], float)
  p = 1 / (1 + np.exp(-logits))
  x = np.asarray(images, float).reshape(len(images), -1)
  return -np.where(x == 1, np.log(p), np.log1p(-p)).sum(axis=1).mean()


def kl_in_numpy(mean, scale):
  """Returns the KL of each dimension to N(0, 1), `[B, m]`."""
  return 0.5 * (mean**2 + scale**2 - np.log(scale**2) - 1)


def penalty_in_numpy(params, strength):
  """Returns half the strength times the sum of squares of all kernels."""
  kernels = [
    np.asarray(network["kernel"], float) for network in params.values()
  ]
  return 0.5 * strength * sum((kernel**2).sum() for kernel in kernels)
