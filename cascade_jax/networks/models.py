"""The encoder and the decoder (Jeong & Song 2019; sizes from their code).

Letters: B batch, m continuous dimensions, S categories, H W C image, n numbers
that the encoder gives an image.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from cascade_jax.errors import UserError
from cascade_jax.networks.fast_conv import layers
from cascade_jax.types import Posterior

HIDDEN_UNITS = 256
IMAGE_SIZES = (16, 32, 64, 128, 256)  # halved down to 4x4


def conv_channels(image_size: int) -> tuple[int, ...]:
  """Channels of the encoder's convolutions, which end at 4x4 pixels.

  64 pixels: 32, 32, 64, 64. 32 pixels: 32, 32, 64, as in the authors' code;
  other sizes continue the series.

  Raises:
    UserError: the size isn't one of `IMAGE_SIZES`.
  """
  if image_size not in IMAGE_SIZES:
    raise UserError(
      f"image_size is {image_size}; the networks take {IMAGE_SIZES} pixels"
    )
  num_layers = IMAGE_SIZES.index(image_size) + 2
  return (32, 32) + (64,) * (num_layers - 2)


class Encoder(nn.Module):
  """Images to a few numbers each; what they mean is the method's to say.

  Attributes:
    num_outputs: n; 2 m for a `posterior`.
  """

  num_outputs: int

  @nn.compact
  def __call__(self, images: jax.Array) -> jax.Array:
    """Images `[B, H, W, C]` in [0, 1] to `[B, n]`."""
    channels = conv_channels(images.shape[1])
    first = layers.ImageToBlocks(channels[0], name="conv_0")
    x = layers.Relu()(first(images))
    for index, features in enumerate(channels[1:], start=1):
      conv = layers.StridedConvolution(
        features, from_blocks=index == 1, name=f"conv_{index}"
      )
      x = layers.Relu()(conv(x))
    x = x.reshape(x.shape[0], -1)
    x = layers.Relu()(_dense(HIDDEN_UNITS, "hidden")(x))
    return _dense(self.num_outputs, "head")(x)


class Decoder(nn.Module):
  """p(x|z, d), as logits (Bernoulli) or pre-sigmoid means (Gaussian).

  Attributes:
    image_shape: H, W, C.
  """

  image_shape: tuple[int, int, int]

  @nn.compact
  def __call__(self, latents: jax.Array, codes: jax.Array) -> jax.Array:
    """Latents `[B, m]`, one-hot codes `[B, S]` to logits `[B, H, W, C]`."""
    channels = conv_channels(self.image_shape[0])[::-1]
    x = jnp.concatenate([latents, codes], axis=-1)
    x = layers.Relu()(_dense(HIDDEN_UNITS, "hidden")(x))
    x = layers.Relu()(_dense(4 * 4 * channels[0], "grid")(x))
    x = x.reshape(-1, 4, 4, channels[0])
    for index, features in enumerate(channels[1:]):
      is_last = index == len(channels) - 2
      conv = layers.TransposedConvolution(
        features, to_blocks=is_last, name=f"conv_{index}"
      )
      x = layers.Relu(width=features if is_last else None)(conv(x))
    last = layers.BlocksToImage(self.image_shape[-1], name="logits")
    return last(x)


def posterior(outputs: jax.Array) -> Posterior:
  """q(z|x) = N(mean, diag(scale^2)) of the encoder's outputs `[B, 2 m]`.

  The first half is the mean; the scale is the softplus of the second, not a
  log-variance.
  """
  mean, scale = jnp.split(outputs, 2, axis=-1)
  return Posterior(mean, nn.softplus(scale))


def _dense(features: int, name: str) -> nn.Dense:
  init = nn.initializers.glorot_uniform()
  return nn.Dense(features, kernel_init=init, name=name)


def sample(posterior: Posterior, noise: jax.Array) -> jax.Array:
  """z = mean + scale * noise, `[B, m]`: the reparameterisation trick."""
  return posterior.mean + posterior.scale * noise


def gumbel_softmax(
  logits: jax.Array, gumbel: jax.Array, temperature: float
) -> jax.Array:
  """A relaxed sample of one discrete variable, rows `[B, S]` that sum to 1.

  Its likeliest category is a sample of softmax(logits) at any temperature; the
  lower that is, the closer is the row to one-hot (Jang et al. 2017; Maddison et
  al. 2017).

  Args:
    logits: `[B, S]`; any constant may be added to a row.
    gumbel: `[B, S]`, standard Gumbel noise.
    temperature: above 0.
  """
  return nn.softmax((logits + gumbel) / temperature)
