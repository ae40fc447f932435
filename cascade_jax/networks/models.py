"""The encoder and the decoder (Jeong & Song 2019; sizes from their code).

Shapes: B batch, m continuous dimensions, S categories of all discrete
variables together, H W C image, n outputs of the encoder for each image.
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp

HIDDEN_UNITS = 256
IMAGE_SIZES = (16, 32, 64, 128, 256)  # halved by the convolutions down to 4x4

# The fan-in counts the axis before the last. In a transposed kernel that is the
# number of OUTPUT channels: the authors' library (TensorFlow's
# `variance_scaling_initializer`) does the same.
he_normal = nn.initializers.variance_scaling(2.0, "fan_in", "truncated_normal")

dense = functools.partial(
  nn.Dense, kernel_init=nn.initializers.glorot_uniform()
)
_convolution = functools.partial(
  nn.Conv, kernel_size=(4, 4), strides=(2, 2), kernel_init=he_normal
)
_transposed_convolution = functools.partial(
  nn.ConvTranspose,
  kernel_size=(4, 4),
  strides=(2, 2),
  kernel_init=he_normal,
  transpose_kernel=True,
)


def conv_channels(image_size: int) -> tuple[int, ...]:
  """Returns the channels of the encoder's convolutions, which end at 4x4.

  64 pixels: 32, 32, 64, 64. 32 pixels: 32, 32, 64, as in the authors' code;
  other sizes continue the series.

  Args:
    image_size: height and width, one of `IMAGE_SIZES`.
  """
  num_layers = IMAGE_SIZES.index(image_size) + 2
  return (32, 32) + (64,) * (num_layers - 2)


class Encoder(nn.Module):
  """Maps each image to n numbers, whose meaning is the method's choice.

  Attributes:
    num_outputs: n; 2 m for `posterior.gaussian`.
  """

  num_outputs: int

  @nn.compact
  def __call__(self, images: jax.Array) -> jax.Array:
    """Maps images `[B, H, W, C]` in [0, 1] to `[B, n]`."""
    x = images
    for index, features in enumerate(conv_channels(images.shape[1])):
      x = nn.relu(_convolution(features, name=f"conv_{index}")(x))
    x = x.reshape(x.shape[0], -1)
    x = nn.relu(dense(HIDDEN_UNITS, name="hidden")(x))
    return dense(self.num_outputs, name="head")(x)


class Decoder(nn.Module):
  """p(x|z, d), as logits (Bernoulli) or as means before the sigmoid (Gaussian).

  Attributes:
    image_shape: H, W, C.
  """

  image_shape: tuple[int, int, int]

  @nn.compact
  def __call__(self, latents: jax.Array, codes: jax.Array) -> jax.Array:
    """Maps latents `[B, m]` and codes `[B, S]` to logits `[B, H, W, C]`."""
    channels = conv_channels(self.image_shape[0])[::-1]
    x = jnp.concatenate([latents, codes], axis=-1)
    x = nn.relu(dense(HIDDEN_UNITS, name="hidden")(x))
    x = nn.relu(dense(4 * 4 * channels[0], name="grid")(x))
    x = x.reshape(-1, 4, 4, channels[0])
    for index, features in enumerate(channels[1:]):
      x = nn.relu(_transposed_convolution(features, name=f"conv_{index}")(x))
    return _transposed_convolution(self.image_shape[-1], name="logits")(x)
