"""Networks that tell two kinds of latents apart, and what is learned from them.

A discriminator gives one logit, log(p / (1 - p)) for the probability p that
latents are of the first kind. Where both kinds are equally frequent, the best
one is log(density of the first kind / density of the second), so its logit
estimates that ratio, in nats (Goodfellow et al. 2014, Sugiyama et al. 2012).

Letters: B batch, m continuous dimensions.
"""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

# Folded into a seed's key for the first parameters; no step has this number.
_INIT = 2**32 - 1


class Discriminator(nn.Module):
  """A dense network to one logit.

  Attributes:
    layers: how many are hidden.
    units: of each hidden layer.
    slope: of the leaky ReLU below 0; 0 for the ReLU.
  """

  layers: int
  units: int
  slope: float = 0.0

  @nn.compact
  def __call__(self, latents: jax.Array) -> jax.Array:
    """Latents `[B, m]` to logits `[B]`."""
    init = nn.initializers.glorot_uniform()
    x = latents
    for index in range(self.layers):
      x = nn.Dense(self.units, kernel_init=init, name=f"hidden_{index}")(x)
      x = nn.leaky_relu(x, self.slope)
    return nn.Dense(1, kernel_init=init, name="logit")(x)[:, 0]


def classification_loss(first: jax.Array, second: jax.Array) -> jax.Array:
  """Mean cross entropy of telling two kinds apart, in nats; a scalar.

  Half of -mean log p(first) and half of -mean log(1 - p(second)), so log 2 for
  one that knows nothing (Kim & Mnih 2018, Algorithm 2, which halves it too).

  Args:
    first: logits of latents of the first kind, `[B]`.
    second: logits of latents of the second kind, of any number.
  """
  chex.assert_rank([first, second], 1)
  return 0.5 * (nn.softplus(-first).mean() + nn.softplus(second).mean())


def fooling_loss(second: jax.Array) -> jax.Array:
  """-mean log p of the second kind, in nats; a scalar.

  What the maker of the second kind minimises, so that it is taken for the
  first. It doesn't saturate where log(1 - p), the other side of the game, would
  (Goodfellow et al. 2014, section 3).

  Args:
    second: logits of latents of the second kind, `[B]`.
  """
  chex.assert_rank(second, 1)
  return nn.softplus(-second).mean()


def accuracy(first: jax.Array, second: jax.Array) -> jax.Array:
  """How often the logits, `[B]` each, are on the right side; kinds halved."""
  return 0.5 * ((first > 0).mean() + (second < 0).mean())


def permute_dimensions(key: jax.Array, latents: jax.Array) -> jax.Array:
  """Each dimension of `[B, m]` permuted over the batch by itself.

  Samples of a distribution to samples of the product of its marginals, but for
  the few that stay together (Kim & Mnih 2018, Algorithm 1).
  """
  return jax.random.permutation(key, latents, axis=0, independent=True)


class Learner:
  """A discriminator and how it learns; keeps neither parameters nor moments.

  By Adam with betas 0.5 and 0.9, as Kim & Mnih 2018 have it.

  Args:
    network: the discriminator.
    learning_rate: of Adam.
  """

  def __init__(self, network: Discriminator, learning_rate: float):
    self._network = network
    self._adam = optax.adam(learning_rate, b1=0.5, b2=0.9)

  def init(self, seed, num_continuous: int):
    """Fresh parameters and Adam's moments, for m."""
    key = jax.random.fold_in(jax.random.key(seed), _INIT)
    params = self._network.init(key, jnp.zeros((1, num_continuous)))
    return params, self._adam.init(params)

  def logits(self, params, latents: jax.Array) -> jax.Array:
    """Latents `[B, m]` to logits `[B]`."""
    return self._network.apply(params, latents)

  def step(self, params, moments, first: jax.Array, second: jax.Array):
    """One step that lowers the `classification_loss`.

    Args:
      params: of the discriminator.
      moments: Adam's.
      first: latents of the first kind, `[B, m]`; constants here.
      second: latents of the second kind, likewise.

    Returns:
      New parameters and moments, and scalars for the log by name: the loss
      before the step, and the accuracy.
    """

    def objective(params):
      logits = self.logits(params, first), self.logits(params, second)
      loss = classification_loss(*logits)
      return loss, {
        "discriminator_loss": loss,
        "discriminator_accuracy": accuracy(*logits),
      }

    gradients, terms = jax.grad(objective, has_aux=True)(params)
    changes, moments = self._adam.update(gradients, moments)
    return optax.apply_updates(params, changes), moments, terms
