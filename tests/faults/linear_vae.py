"""A VAE of two linear maps, as a method of a user's own: it compiles at once.

Only the files of a run matter to the faults, and they are the same as those of
any method.
"""

import jax
import jax.numpy as jnp
import optax

from cascade_jax.methods import codes
from cascade_jax.methods.compose import constant_weights, step_key
from cascade_jax.methods.method import Method
from cascade_jax.networks import posterior
from cascade_jax.types import StepMetrics, TrainState
from tests.helpers.linear_networks import LinearNetworks


class _Networks(LinearNetworks):
  """Linear maps of images of any size."""

  def __init__(self, image_shape):
    self._image_shape = image_shape

  def decode(self, params, latents, codes):
    logits = latents @ params["decoder"]["kernel"]
    return logits.reshape(-1, *self._image_shape)


def build(config, image_shape):
  """Returns the method for images H, W, C."""
  networks, m = _Networks(image_shape), config.num_continuous
  optimizer = optax.adam(config.learning_rate)
  height, width, channels = image_shape
  pixels = height * width * channels

  def init(seed):
    encoder, decoder = jax.random.split(jax.random.key(seed))
    params = {
      "encoder": {"kernel": 0.1 * jax.random.normal(encoder, (pixels, 2 * m))},
      "decoder": {"kernel": 0.1 * jax.random.normal(decoder, (m, pixels))},
    }
    moments = optimizer.init(params)
    return TrainState(jnp.int32(0), jnp.uint32(seed), params, moments)

  def loss(params, images, noise):
    q = posterior.gaussian(networks.encode(params, images))
    latents = posterior.sample(q, noise)
    nll = networks.nll(params, images, latents, None).mean()
    kl = 0.5 * (q.mean**2 + q.scale**2 - 2 * jnp.log(q.scale) - 1).mean(0)
    return nll + kl.sum(), (nll, kl)

  def update(state, batch, inputs):
    del inputs
    noise = jax.random.normal(step_key(state), (len(batch.images), m))
    (value, (nll, kl)), gradient = jax.value_and_grad(loss, has_aux=True)(
      state.params, batch.images, noise
    )
    changes, moments = optimizer.update(gradient, state.optimizer)
    params = optax.apply_updates(state.params, changes)
    state = TrainState(state.step + 1, state.seed, params, moments)
    return state, StepMetrics(value, nll, kl, {})

  return Method(
    schedule=constant_weights(m, 1.0),
    init=init,
    update=update,
    represent=codes.most_likely(networks, posterior.gaussian, ()),
    decode=codes.decoder_means(networks, ()),
  )
