"""What methods with a Gaussian posterior share: a whole VAE but its objective.

A method of this kind derives from `GaussianVAE` and says how it regularises.

Letters: B batch, m continuous dimensions, D discrete variables, S categories of
all of them together, K joint codes, H W C image.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from cascade_jax import autoencoder, losses, models
from cascade_jax.records import (
  Batch,
  Method,
  Posterior,
  Report,
  Representation,
  Scores,
  Stage,
  TrainState,
)


class GaussianVAE:
  """A VAE under KL weights; by itself the beta-VAE of its `kl_weight`.

  The objective is mean_B(reconstruction) + `regulariser` + L2 penalty, in nats
  per image, reconstruction summed over pixels.

  Args:
    config: a checked config (see `cascade_jax.config`).
    image_shape: H, W, C.
    num_categories: of each discrete variable that the decoder sees.
  """

  kl_weight = 1.0

  def __init__(
    self,
    config,
    image_shape: tuple[int, int, int],
    num_categories: tuple[int, ...] = (),
  ):
    self.config = config
    self.num_categories = num_categories
    self.networks = autoencoder.Autoencoder(
      image_shape, 2 * config.num_continuous, config.likelihood
    )
    self.adam = optax.adam(config.learning_rate)

  def method(self) -> Method:
    """The functions, for the training loop."""
    return Method(
      self.stage,
      self.init,
      self.update,
      self.represent,
      self.decode,
      self.num_categories,
      self.score,
    )

  def stage(self, step: int) -> Stage:
    """All dimensions under one weight, from the first step on."""
    del step
    m = self.config.num_continuous
    return Stage(0, m, False, np.full(m, self.kl_weight, np.float32))

  def regulariser(
    self,
    state: TrainState,
    posterior: Posterior,
    latents: jax.Array,
    kl_weights: jax.Array,
  ) -> tuple[jax.Array, dict[str, jax.Array]]:
    """What is added to the reconstruction, nats per image, and its parts.

    Args:
      state: before the update; not to be differentiated by.
      posterior: of the batch.
      latents: `[B, m]`, one sample of it an image.
      kl_weights: `[m]`, of the stage.

    Returns:
      A scalar, and scalars for the log by name.
    """
    del state, latents
    kl = losses.kl_per_dimension(posterior).mean(axis=0)
    return (kl_weights * kl).sum(), {}

  def init(self, seed) -> TrainState:
    """A fresh state."""
    params = self.networks.init(
      jax.random.key(seed), self.config.num_continuous, sum(self.num_categories)
    )
    return TrainState(
      jnp.int32(0), jnp.uint32(seed), params, self.adam.init(params)
    )

  def score(self, state, batch: Batch, discrete: bool) -> Scores:
    """Encodes, and decodes one sample at every code, or at the zero code."""
    outputs, encoded = self.networks.encode_and_remember(
      state.params, batch.images
    )
    latents = models.sample(
      models.posterior(outputs), self.noise(state, len(batch.images))
    )
    codes = self.codes(discrete)[:, None]
    costs, decoded = self.networks.score(
      state.params,
      batch.images,
      latents,
      jnp.broadcast_to(codes, (len(codes), len(latents), codes.shape[-1])),
    )
    return Scores(costs, (encoded, decoded))

  def update(self, state, batch: Batch, kl_weights, scores, categories=None):
    """One step of Adam."""
    gradients, report, _ = self.gradients(
      state, batch, kl_weights, scores, categories
    )
    changes, moments = self.adam.update(gradients, state.optimizer)
    params = optax.apply_updates(state.params, changes)
    return TrainState(state.step + 1, state.seed, params, moments), report

  def gradients(
    self, state, batch: Batch, kl_weights, scores, categories=None
  ) -> tuple[dict, Report, jax.Array]:
    """By the two networks' parameters; the report; the latents `[B, m]`.

    Args:
      state: before the update.
      batch: that was scored.
      kl_weights: `[m]`.
      scores: of the batch.
      categories: `[B]` joint codes, those to decode; None for zero codes.
    """
    images, noise = batch.images, self.noise(state, len(batch.images))
    encoded, decoded = scores.memory
    if categories is None:
      categories = jnp.full(len(images), -1)
    index = jnp.maximum(categories, 0)  # the zero code is the only one, if -1
    nlls = jnp.take_along_axis(scores.costs, index[:, None], axis=1)[:, 0]
    decoded = autoencoder.chosen(decoded, index, scores.costs.shape[1])
    codes = self.one_hot(categories)

    def objective(params):
      outputs = self.networks.encode(params, images, encoded)
      posterior = models.posterior(outputs)
      latents = models.sample(posterior, noise)
      nll = self.networks.reconstruct(
        params, images, latents, codes, decoded, nlls
      ).mean()
      regulariser, terms = self.regulariser(
        state, posterior, latents, kl_weights
      )
      penalty = losses.weight_penalty(params, self.config.weight_penalty)
      loss = nll + regulariser + penalty
      kl = losses.kl_per_dimension(posterior).mean(axis=0)
      report = Report(loss, nll, kl, {"weight_penalty": penalty, **terms})
      return loss, (report, latents)

    networks = {key: state.params[key] for key in ("encoder", "decoder")}
    gradients, (report, latents) = jax.grad(objective, has_aux=True)(networks)
    return gradients, report, latents

  def represent(self, params, images, discrete: bool) -> Representation:
    """Each image at its posterior mean and its own likeliest joint code."""
    posterior = models.posterior(self.networks.encode(params, images))
    codes = self.codes(discrete)
    logits = self.networks.decode(
      params,
      jnp.tile(posterior.mean, (len(codes), 1)),
      jnp.repeat(codes, len(images), axis=0),
    )
    costs = self.networks.nll(jnp.tile(images, (len(codes), 1, 1, 1)), logits)
    costs = costs.reshape(len(codes), -1)  # [K, B]
    # As if all joint codes were equally likely before.
    probabilities = jax.nn.softmax(-costs, axis=0).T @ codes
    likeliest = costs.argmin(axis=0)
    return Representation(
      *posterior,
      self.each_variable(likeliest) if discrete else likeliest[:, None][:, :0],
      probabilities if discrete else probabilities[:, :0],
      costs.min(axis=0),
    )

  def decode(self, params, latents, categories) -> jax.Array:
    """The decoder's mean images, `[B, H, W, C]`."""
    logits = self.networks.decode(params, latents, self.one_hot(categories))
    return jax.nn.sigmoid(logits)

  def codes(self, discrete: bool) -> jax.Array:
    """The codes to score, `[K, S]`: all joint ones, or the zero code."""
    if not discrete:
      return jnp.zeros((1, sum(self.num_categories)))
    return self.one_hot(jnp.arange(math.prod(self.num_categories)))

  def one_hot(self, categories: jax.Array) -> jax.Array:
    """Joint codes `[B]` to rows `[B, S]`, a one for each variable; -1 to 0."""
    rows = [jnp.zeros((len(categories), 0))]
    for variable in reversed(self.num_categories):
      own = jnp.where(categories < 0, -1, categories % variable)
      rows.append(jax.nn.one_hot(own, variable))
      categories = categories // variable  # of -1: -1
    return jnp.concatenate(rows[::-1], axis=1)

  def each_variable(self, categories: jax.Array) -> jax.Array:
    """Joint codes `[B]` to the category of each variable, `[B, D]`."""
    each = jnp.unravel_index(categories, self.num_categories)
    return jnp.stack(each, axis=1).astype(jnp.int32)

  def noise(self, state, batch_size: int) -> jax.Array:
    """The step's standard normals, `[B, m]`."""
    # A function of the step alone: scoring and update see the same noise, and
    # a resumed run sees what the uninterrupted one would have seen.
    key = jax.random.fold_in(jax.random.key(state.seed), state.step)
    return jax.random.normal(key, (batch_size, self.config.num_continuous))
