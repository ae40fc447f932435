"""JointVAE (Dupont, NeurIPS 2018): a VAE with a relaxed discrete code.

The encoder gives a Gaussian and, for each discrete variable, a categorical
posterior. Training samples the latter as soft codes (Gumbel-softmax); the
likeliest categories, one-hot, stand for them at test time. The objective pulls
the KL of each kind towards a capacity that rises as training goes on.

"The reference" is the author's code, github.com/Schlumberger/joint-vae. Its
dSprites run has a learning rate of 5e-4 and no weight penalty.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax import losses
from cascade_jax.config import check_options
from cascade_jax.methods.vae import GaussianVAE
from cascade_jax.networks import models
from cascade_jax.types import (
  Batch,
  Method,
  Posterior,
  Report,
  Representation,
  Scores,
  Stage,
)

# Of the reference's dSprites run, trained_models/dsprites/specs.json.
DEFAULTS = {
  "gamma": 150.0,  # weight of both distances
  "capacity_continuous": 40.0,  # nats, of all dimensions together, at the end
  "capacity_discrete": 1.1,  # nats, of all variables; never above sum(log S)
  "capacity_steps": 300_000,  # from 0 to there
  "temperature": 0.67,  # of the soft codes; jointvae/models.py
}


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method for images H, W, C.

  Raises:
    UserError: one of `config.joint_vae` is out of its range.
  """
  check_options(
    config,
    "joint_vae",
    gamma=0,
    capacity_continuous=0,
    capacity_discrete=0,
    capacity_steps=1,
    temperature=1e-3,
  )
  return JointVAE(config, image_shape).method()


class Posteriors(NamedTuple):
  """Both kinds, of a batch."""

  continuous: Posterior
  discrete: list[jax.Array]  # [B, S] logits of each variable


class JointVAE(GaussianVAE):
  """The whole method.

  Letters: B batch, m continuous dimensions, S categories of one discrete
  variable or, in codes, of all together.

  The objective, in nats per image, is mean_B(reconstruction)
  + gamma * |KL_z - C_z| + gamma * |KL_d - C_d| + L2 penalty, where each KL is
  summed over its dimensions or variables and averaged over the batch first, as
  in the reference. So is the cap of C_d: sum(log S), the most that KL_d can be.

  Args:
    config: a checked config (see `cascade_jax.config`).
    image_shape: H, W, C.
  """

  def __init__(self, config, image_shape: tuple[int, int, int]):
    sizes = tuple(config.num_categories)
    super().__init__(config, image_shape, sizes, num_logits=sum(sizes))
    self.options = config.joint_vae

  def stage(self, step: int) -> Stage:
    """One stage, with the code; the capacities change within it.

    Its KL weights are ones, and not read: gamma weighs the distances.
    """
    return super().stage(step)._replace(discrete=True)

  def score(self, state, batch: Batch, discrete: bool) -> Scores:
    """Encodes, and decodes one sample: its latents and its soft codes."""
    del discrete
    outputs, encoded = self.networks.encode_and_remember(
      state.params, batch.images
    )
    latents, codes = self.sample(state, self.posteriors(outputs))
    costs, decoded = self.networks.score(
      state.params, batch.images, latents, codes[None]
    )
    return Scores(costs, (encoded, decoded))

  def gradients(
    self, state, batch: Batch, kl_weights, scores, categories=None
  ) -> tuple[dict, Report, jax.Array]:
    """By the two networks' parameters; the report; the latents `[B, m]`.

    Args:
      state: before the update.
      batch: that was scored.
      kl_weights: not read; gamma weighs the distances.
      scores: of the batch.
      categories: not read; codes are sampled.
    """
    del kl_weights, categories
    encoded, decoded = scores.memory

    def of_networks(params):
      outputs = self.networks.encode(params, batch.images, encoded)
      posteriors = self.posteriors(outputs)
      latents, codes = self.sample(state, posteriors)
      nll = self.networks.reconstruct(
        params, batch.images, latents, codes, decoded, scores.costs[:, 0]
      ).mean()
      kl = losses.kl_per_dimension(posteriors.continuous).mean(axis=0)
      distance, terms = self.distance(state.step, kl, posteriors.discrete)
      pull = self.options.gamma * distance
      loss, report = self.objective(params, nll, kl, pull, terms)
      return loss, (report, latents)

    gradients, others = self.differentiate(state.params, of_networks)
    return gradients, *others

  def represent(self, params, images, discrete: bool) -> Representation:
    """Each image at its posterior mean and its likeliest categories."""
    del discrete
    posterior, logits = self.posteriors(self.networks.encode(params, images))
    likeliest = [each.argmax(axis=1) for each in logits]
    codes = map(jax.nn.one_hot, likeliest, self.num_categories)
    decoded = self.networks.decode(
      params, posterior.mean, jnp.concatenate(list(codes), axis=1)
    )
    return Representation(
      *posterior,
      jnp.stack(likeliest, axis=1).astype(jnp.int32),
      jnp.concatenate([jax.nn.softmax(each) for each in logits], axis=1),
      self.networks.nll(images, decoded),
    )

  def posteriors(self, outputs: jax.Array) -> Posteriors:
    """Of the encoder's outputs: 2 m numbers, then the logits."""
    gaussian, logits = jnp.split(outputs, [2 * self.config.num_continuous], 1)
    return Posteriors(models.posterior(gaussian), self.by_variable(logits))

  def by_variable(self, rows: jax.Array) -> list[jax.Array]:
    """Rows over all categories, taken apart into those of each variable."""
    return jnp.split(rows, np.cumsum(self.num_categories)[:-1], axis=1)

  def sample(self, state, posteriors: Posteriors):
    """The step's latents `[B, m]` and soft codes `[B, S]`."""
    # A function of the step alone: scoring and update see the same sample.
    normal_key, gumbel_key = jax.random.split(self.key(state))
    posterior, logits = posteriors
    normal = jax.random.normal(normal_key, posterior.mean.shape)
    shape = len(normal), sum(self.num_categories)
    gumbel = self.by_variable(jax.random.gumbel(gumbel_key, shape))
    codes = [
      models.gumbel_softmax(own, noise, self.options.temperature)
      for own, noise in zip(logits, gumbel)
    ]
    return models.sample(posterior, normal), jnp.concatenate(codes, axis=1)

  def distance(self, step, kl: jax.Array, logits: list[jax.Array]):
    """|KL_z - C_z| + |KL_d - C_d| in nats, and its parts for the log.

    Args:
      step: updates done.
      kl: `[m]`, of the latents, averaged over the batch.
      logits: `[B, S]` of each discrete variable.
    """
    options = self.options
    kl_discrete = sum(losses.categorical_kl(each).mean() for each in logits)
    continuous = losses.capacity(
      step, options.capacity_continuous, options.capacity_steps
    )
    discrete = jnp.minimum(
      losses.capacity(step, options.capacity_discrete, options.capacity_steps),
      math.log(math.prod(self.num_categories)),
    )
    distance = jnp.abs(kl.sum() - continuous) + jnp.abs(kl_discrete - discrete)
    return distance, {
      "kl_discrete": kl_discrete,
      "capacity_continuous": continuous,
      "capacity_discrete": discrete,
    }
