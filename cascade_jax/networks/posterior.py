"""The posterior q(z|x) and its samples.

Shapes: B batch, m continuous dimensions, S categories of one discrete variable.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from cascade_jax.types import Posterior


def gaussian(outputs: jax.Array) -> Posterior:
  """Returns q(z|x) = N(mean, diag(scale^2)) for encoder outputs `[B, 2 m]`.

  The first half is the mean. The scale is the softplus of the second half, not
  the exponential of a log-variance.
  """
  mean, scale = jnp.split(outputs, 2, axis=-1)
  return Posterior(mean, nn.softplus(scale))


def sample(posterior: Posterior, noise: jax.Array) -> jax.Array:
  """Returns z = mean + scale * noise, `[B, m]`: the reparameterisation trick.

  Args:
    posterior: q(z|x).
    noise: `[B, m]`, standard normal.
  """
  return posterior.mean + posterior.scale * noise


def gumbel_softmax(
  logits: jax.Array, gumbel: jax.Array, temperature: float
) -> jax.Array:
  """Returns a relaxed sample of one discrete variable, rows `[B, S]` of sum 1.

  The largest entry of a row is a sample of softmax(logits) at any temperature.
  The lower the temperature, the closer the row is to one-hot (Jang et al. 2017;
  Maddison et al. 2017).

  Args:
    logits: `[B, S]`; a constant may be added to any row.
    gumbel: `[B, S]`, standard Gumbel noise.
    temperature: above 0.
  """
  return nn.softmax((logits + gumbel) / temperature)
