"""The encoder and the decoder of several projects, which differ in sizes.

Shapes: B batch, m continuous dimensions, S categories of all discrete variables
together, H W C image.
"""

import functools
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from cascade_jax.networks.autoencoder import Autoencoder

_UNITS = 256
_convolution = functools.partial(nn.Conv, kernel_size=(4, 4), strides=(2, 2))
_transposed_convolution = functools.partial(
  nn.ConvTranspose, kernel_size=(4, 4), strides=(2, 2), transpose_kernel=True
)


class Encoder(nn.Module):
  """Convolutions down to 4x4, hidden dense layers, and the head.

  Attributes:
    num_outputs: of the head.
    channels: of each convolution.
    num_hidden: hidden dense layers of 256 units.
  """

  num_outputs: int
  channels: tuple[int, ...]
  num_hidden: int

  @nn.compact
  def __call__(self, images: jax.Array) -> jax.Array:
    """Maps images `[B, H, W, C]` to the outputs, `[B, num_outputs]`."""
    x = images
    for index, features in enumerate(self.channels):
      x = nn.relu(_convolution(features, name=f"conv_{index}")(x))
    x = x.reshape(x.shape[0], -1)
    for index in range(self.num_hidden):
      x = nn.relu(nn.Dense(_UNITS, name=f"hidden_{index}")(x))
    return nn.Dense(self.num_outputs, name="head")(x)


class Decoder(nn.Module):
  """Hidden dense layers, a 4x4 grid, and transposed convolutions.

  Attributes:
    image_shape: H, W, C.
    channels: of the grid and of each transposed convolution but the last.
    num_hidden: hidden dense layers of 256 units.
  """

  image_shape: tuple[int, int, int]
  channels: tuple[int, ...]
  num_hidden: int

  @nn.compact
  def __call__(self, latents: jax.Array, codes: jax.Array) -> jax.Array:
    """Maps latents `[B, m]` and codes `[B, S]` to logits `[B, H, W, C]`."""
    x = jnp.concatenate([latents, codes], axis=-1)
    for index in range(self.num_hidden):
      x = nn.relu(nn.Dense(_UNITS, name=f"hidden_{index}")(x))
    grid, *others = self.channels
    x = nn.relu(nn.Dense(4 * 4 * grid, name="grid")(x))
    x = x.reshape(-1, 4, 4, grid)
    for index, features in enumerate(others):
      x = nn.relu(_transposed_convolution(features, name=f"conv_{index}")(x))
    return _transposed_convolution(self.image_shape[-1], name="logits")(x)


def networks(
  encoder: Encoder, decoder: Decoder, likelihood: str
) -> Autoencoder:
  """Returns both as the functions that a method calls."""
  modules: dict[str, Any] = {"encoder": encoder, "decoder": decoder}
  return Autoencoder(**modules, likelihood=likelihood, is_fast=False)
