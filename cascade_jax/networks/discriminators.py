"""Discriminators of two kinds of latents, and their training.

A discriminator gives one logit, log(p / (1 - p)), where p is the probability
that latents are of the first kind. If both kinds are equally frequent, the
optimal logit is log(density of the first kind / density of the second), so the
logit estimates this ratio in nats (Goodfellow et al. 2014, Sugiyama et al.
2012).

Shapes: B batch, m continuous dimensions.
"""

from typing import Any

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from cascade_jax.types import Params

# Folded into the key of a seed for the initial parameters; no step has this
# number.
_INIT = 2**32 - 1


class Discriminator(nn.Module):
  """A dense network with one output, the logit.

  Attributes:
    layers: number of hidden layers.
    units: of each hidden layer.
    slope: of the leaky ReLU below 0; 0 for the ReLU.
  """

  layers: int
  units: int
  slope: float = 0.0

  @nn.compact
  def __call__(self, latents: jax.Array) -> jax.Array:
    """Maps latents `[B, m]` to logits `[B]`."""
    init = nn.initializers.glorot_uniform()
    x = latents
    for index in range(self.layers):
      x = nn.Dense(self.units, kernel_init=init, name=f"hidden_{index}")(x)
      x = nn.leaky_relu(x, self.slope)
    return nn.Dense(1, kernel_init=init, name="logit")(x)[:, 0]


def classification_loss(first: jax.Array, second: jax.Array) -> jax.Array:
  """Returns the mean cross entropy of the classification, a scalar in nats.

  It is half of -mean log p(first) plus half of -mean log(1 - p(second)), so
  log 2 for a discriminator that knows nothing (Kim & Mnih 2018, Algorithm 2,
  which also takes the half).

  Args:
    first: `[B]`, logits of latents of the first kind.
    second: logits of latents of the second kind, any number of them.
  """
  chex.assert_rank([first, second], 1)
  return 0.5 * (nn.softplus(-first).mean() + nn.softplus(second).mean())


def fooling_loss(second: jax.Array) -> jax.Array:
  """Returns -mean log p of latents of the second kind, a scalar in nats.

  The network that produces the second kind minimises it in order to pass for
  the first kind. Unlike log(1 - p), it does not saturate where the
  discriminator is certain (Goodfellow et al. 2014, section 3).

  Args:
    second: `[B]`, logits of latents of the second kind.
  """
  chex.assert_rank(second, 1)
  return nn.softplus(-second).mean()


def accuracy(first: jax.Array, second: jax.Array) -> jax.Array:
  """Returns the share of right decisions, averaged over the two kinds.

  Args:
    first: `[B]`, logits of latents of the first kind.
    second: `[B]`, logits of latents of the second kind.
  """
  return 0.5 * ((first > 0).mean() + (second < 0).mean())


def permute_dimensions(key: jax.Array, latents: jax.Array) -> jax.Array:
  """Permutes each dimension of `[B, m]` over the batch independently.

  Samples of a distribution become samples of the product of its marginals, but
  for the few values that stay together (Kim & Mnih 2018, Algorithm 1).
  """
  return jax.random.permutation(key, latents, axis=0, independent=True)


class Learner:
  """Training of a discriminator by Adam; it holds no parameters itself.

  Adam has betas 0.5 and 0.9, as in Kim & Mnih 2018.

  Args:
    network: the discriminator.
    learning_rate: of Adam.
  """

  def __init__(self, network: Discriminator, learning_rate: float) -> None:
    self._network = network
    self._adam = optax.adam(learning_rate, b1=0.5, b2=0.9)

  def init(self, seed: int, num_continuous: int) -> tuple[Params, Any]:
    """Returns fresh parameters for m latents, and the state of Adam."""
    key = jax.random.fold_in(jax.random.key(seed), _INIT)
    params: Any = self._network.init(key, jnp.zeros((1, num_continuous)))
    return params, self._adam.init(params)

  def logits(self, params: Params, latents: jax.Array) -> jax.Array:
    """Maps latents `[B, m]` to logits `[B]`."""
    logits: Any = self._network.apply(params, latents)
    return logits

  def step(
    self, params: Params, moments: Any, first: jax.Array, second: jax.Array
  ) -> tuple[Params, Any, dict[str, jax.Array]]:
    """Takes one step down the gradient of the `classification_loss`.

    Args:
      params: of the discriminator.
      moments: the state of Adam.
      first: `[B, m]`, latents of the first kind; treated as constants.
      second: `[B, m]`, latents of the second kind; treated as constants.

    Returns:
      New parameters and state, and scalars for the log by name: the loss before
      the step, and the accuracy.
    """

    def objective(params: Params) -> tuple[jax.Array, dict[str, jax.Array]]:
      logits = self.logits(params, first), self.logits(params, second)
      loss = classification_loss(*logits)
      return loss, {
        "discriminator_loss": loss,
        "discriminator_accuracy": accuracy(*logits),
      }

    gradients, terms = jax.grad(objective, has_aux=True)(params)
    changes, moments = self._adam.update(gradients, moments)
    return optax.apply_updates(params, changes), moments, terms
