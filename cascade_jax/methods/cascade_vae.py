"""CascadeVAE (Jeong & Song, ICML 2019), as pure functions.

One step: encode, let the decoder score all S categories, solve for the codes
of the batch on the host (`assign_codes`, between the two compiled functions),
update at those codes.

Letters: B batch, m continuous dimensions, S categories, H W C image.
"""

import jax
import jax.numpy as jnp
import optax

from cascade_jax import losses, models
from cascade_jax.cascade import Cascade
from cascade_jax.records import Method, Report, Representation, TrainState


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method for images of one shape.

  Args:
    config: a checked config (see `cascade_jax.config`).
    image_shape: H, W, C.
  """
  encoder = models.Encoder(config.num_continuous)
  decoder = models.Decoder(image_shape)
  adam = optax.adam(config.learning_rate)
  num_categories = config.num_categories

  def encode(params, images):
    return encoder.apply(params["encoder"], images)

  def noise(state, batch_size):
    # A function of the step alone: scoring and update see the same noise, and
    # a resumed run sees what the uninterrupted one would have seen.
    key = jax.random.fold_in(jax.random.key(state.seed), state.step)
    return jax.random.normal(key, (batch_size, config.num_continuous))

  def nll(params, images, latents, codes):
    logits = decoder.apply(params["decoder"], latents, codes)
    return losses.reconstruction_nll(config.likelihood, images, logits)

  def costs_of(params, images, latents, codes):
    """-log p(x | z, code), nats `[B, K]`, for each of K codes `[K, S]`."""
    count = len(codes)
    costs = nll(
      params,
      jnp.tile(images, (count, 1, 1, 1)),
      jnp.tile(latents, (count, 1)),
      jnp.repeat(codes, len(images), axis=0),
    )
    return costs.reshape(count, -1).T

  def init(seed):
    key = jax.random.key(seed)
    encoder_key, decoder_key = jax.random.split(key)
    images = jnp.zeros((1, *image_shape))
    latents = jnp.zeros((1, config.num_continuous))
    params = {
      "encoder": encoder.init(encoder_key, images),
      "decoder": decoder.init(
        decoder_key, latents, jnp.zeros((1, num_categories))
      ),
    }
    return TrainState(
      step=jnp.int32(0),
      seed=jnp.uint32(seed),
      params=params,
      optimizer=adam.init(params),
      kl_weights=jnp.zeros(config.num_continuous),
    )

  def score(state, images):
    latents = models.sample(
      encode(state.params, images), noise(state, len(images))
    )
    return costs_of(state.params, images, latents, jnp.eye(num_categories))

  def objective(params, images, noise, codes, kl_weights):
    posterior = encode(params, images)
    latents = models.sample(posterior, noise)
    reconstruction = nll(params, images, latents, codes).mean()
    kl = losses.kl_per_dimension(posterior).mean(axis=0)
    penalty = losses.weight_penalty(params, config.weight_penalty)
    loss = reconstruction + (kl_weights * kl).sum() + penalty
    return loss, Report(loss, reconstruction, kl, penalty)

  def update(state, images, categories, kl_weights):
    codes = jax.nn.one_hot(categories, num_categories)  # -1: a zero code
    gradients, report = jax.grad(objective, has_aux=True)(
      state.params, images, noise(state, len(images)), codes, kl_weights
    )
    moments = state.optimizer
    if config.reset_adam_at_phase:
      # The authors keep one Adam for each set of KL weights.
      kept = (kl_weights == state.kl_weights).all()
      moments = jax.tree.map(
        lambda old, fresh: jnp.where(kept, old, fresh),
        moments,
        adam.init(state.params),
      )
    changes, moments = adam.update(gradients, moments)
    params = optax.apply_updates(state.params, changes)
    state = TrainState(state.step + 1, state.seed, params, moments, kl_weights)
    return state, report

  def represent(params, images, discrete):
    posterior = encode(params, images)
    codes = jnp.eye(num_categories)
    if not discrete:
      codes = jnp.zeros((1, num_categories))
    costs = costs_of(params, images, posterior.mean, codes)
    # No flow at test time: each image takes its own likeliest category.
    categories = costs.argmin(axis=1) if discrete else jnp.full(len(images), -1)
    return Representation(*posterior, categories, costs)

  def decode(params, latents, categories):
    codes = jax.nn.one_hot(categories, num_categories)
    return jax.nn.sigmoid(decoder.apply(params["decoder"], latents, codes))

  cascade = Cascade(
    config.num_continuous,
    config.beta_low,
    config.beta_high,
    config.phase_steps,
    config.discrete_start_phase,
  )
  return Method(cascade.stage, init, score, update, represent, decode)
