"""CascadeVAE (Jeong & Song, ICML 2019), as pure functions.

One step: encode and let the decoder score all S categories (`score`), solve for
the codes of the batch (outside: `assign_codes` on the host), and take the
gradient at those codes (`update`). The gradient goes back through what scoring
computed, so the networks run forward once a step.

Letters: B batch, m continuous dimensions, S categories, H W C image, K codes
that are scored: S, or 1 (the zero code) before the discrete code starts.
"""

import jax
import jax.numpy as jnp
import optax

from cascade_jax import layers, losses, models
from cascade_jax.cascade import Cascade
from cascade_jax.records import (
  Method,
  Report,
  Representation,
  Scores,
  TrainState,
)


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method for images of one shape.

  Args:
    config: a checked config (see `cascade_jax.config`).
    image_shape: H, W, C.
  """
  cascade = Cascade(
    config.num_continuous,
    config.beta_low,
    config.beta_high,
    config.phase_steps,
    config.discrete_start_phase,
  )
  vae = _CascadeVAE(config, image_shape)
  return Method(
    cascade.stage, vae.init, vae.score, vae.update, vae.represent, vae.decode
  )


class _CascadeVAE:
  """The functions of the method, and the modules that they share."""

  def __init__(self, config, image_shape):
    self.config = config
    self.image_shape = image_shape
    self.encoder = models.Encoder(config.num_continuous)
    self.decoder = models.Decoder(image_shape)
    self.adam = optax.adam(config.learning_rate)

  def init(self, seed) -> TrainState:
    encoder_key, decoder_key = jax.random.split(jax.random.key(seed))
    m, num_categories = self.config.num_continuous, self.config.num_categories
    params = {
      "encoder": self.encoder.init(
        encoder_key, jnp.zeros((1, *self.image_shape))
      ),
      "decoder": self.decoder.init(
        decoder_key, jnp.zeros((1, m)), jnp.zeros((1, num_categories))
      ),
    }
    return TrainState(
      step=jnp.int32(0),
      seed=jnp.uint32(seed),
      params=params,
      optimizer=self.adam.init(params),
      kl_weights=jnp.zeros(m),
    )

  def score(self, state, images, discrete) -> Scores:
    posterior, encoder_memory = self.encoder.apply(
      state.params["encoder"], images, mutable=[layers.ACTIVATIONS]
    )
    latents = models.sample(posterior, self._noise(state, len(images)))
    codes = self._codes(discrete)
    logits, decoder_memory = self.decoder.apply(
      state.params["decoder"],
      jnp.tile(latents, (len(codes), 1)),
      jnp.repeat(codes, len(images), axis=0),
      mutable=[layers.ACTIVATIONS],
    )
    costs = self._nll(jnp.tile(images, (len(codes), 1, 1, 1)), logits)
    costs = costs.reshape(len(codes), -1).T
    return Scores(costs, (encoder_memory, decoder_memory, logits))

  def update(self, state, images, scores, categories, kl_weights):
    index = jnp.maximum(categories, 0)  # the zero code is the only one, if -1
    nlls = jnp.take_along_axis(scores.costs, index[:, None], axis=1)[:, 0]
    encoder_memory, *of_codes = scores.memory
    decoder_memory, logits = _chosen(of_codes, index, scores.costs.shape[1])
    slopes = jax.grad(lambda x: self._nll(images, x).sum())(logits)
    codes = jax.nn.one_hot(categories, self.config.num_categories)
    noise = self._noise(state, len(images))

    def objective(params):
      posterior = self.encoder.apply(params["encoder"] | encoder_memory, images)
      latents = models.sample(posterior, noise)
      logits = self.decoder.apply(
        params["decoder"] | decoder_memory, latents, codes
      )
      reconstruction = losses.known_nll(logits, nlls, slopes).mean()
      kl = losses.kl_per_dimension(posterior).mean(axis=0)
      penalty = losses.weight_penalty(params, self.config.weight_penalty)
      loss = reconstruction + (kl_weights * kl).sum() + penalty
      return loss, Report(loss, reconstruction, kl, penalty)

    gradients, report = jax.grad(objective, has_aux=True)(state.params)
    moments = self._moments(state, kl_weights)
    changes, moments = self.adam.update(gradients, moments)
    params = optax.apply_updates(state.params, changes)
    state = TrainState(state.step + 1, state.seed, params, moments, kl_weights)
    return state, report

  def represent(self, params, images, discrete) -> Representation:
    posterior = self.encoder.apply(params["encoder"], images)
    codes = self._codes(discrete)
    logits = self.decoder.apply(
      params["decoder"],
      jnp.tile(posterior.mean, (len(codes), 1)),
      jnp.repeat(codes, len(images), axis=0),
    )
    costs = self._nll(jnp.tile(images, (len(codes), 1, 1, 1)), logits)
    costs = costs.reshape(len(codes), -1).T
    # No flow at test time: each image takes its own likeliest category.
    categories = costs.argmin(axis=1) if discrete else jnp.full(len(images), -1)
    return Representation(*posterior, categories, costs)

  def decode(self, params, latents, categories) -> jax.Array:
    codes = jax.nn.one_hot(categories, self.config.num_categories)
    logits = self.decoder.apply(params["decoder"], latents, codes)
    return jax.nn.sigmoid(logits)

  def _codes(self, discrete) -> jax.Array:
    """The codes to score, `[K, S]`."""
    num_categories = self.config.num_categories
    return (
      jnp.eye(num_categories) if discrete else jnp.zeros((1, num_categories))
    )

  def _nll(self, images, logits) -> jax.Array:
    return losses.reconstruction_nll(self.config.likelihood, images, logits)

  def _noise(self, state, batch_size) -> jax.Array:
    # A function of the step alone: scoring and update see the same noise, and
    # a resumed run sees what the uninterrupted one would have seen.
    key = jax.random.fold_in(jax.random.key(state.seed), state.step)
    return jax.random.normal(key, (batch_size, self.config.num_continuous))

  def _moments(self, state, kl_weights):
    """Adam's moments, new where the KL weights are."""
    if not self.config.reset_adam_at_phase:
      return state.optimizer
    # The authors keep one Adam for each set of KL weights.
    kept = (kl_weights == state.kl_weights).all()
    return jax.tree.map(
      lambda old, fresh: jnp.where(kept, old, fresh),
      state.optimizer,
      self.adam.init(state.params),
    )


def _chosen(memory, index: jax.Array, num_codes: int):
  """Leaves `[K * B * n, ...]` at one code an image: `[B * n, ...]`."""
  if num_codes == 1:
    return memory
  batch = jnp.arange(len(index))

  def rows(leaf):
    of_images = leaf.reshape(num_codes, len(index), -1, *leaf.shape[1:])
    return of_images[index, batch].reshape(-1, *leaf.shape[1:])

  return jax.tree.map(rows, memory)
