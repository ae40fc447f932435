"""The encoder and the decoder of `networks.models`, fast on a CPU.

Parameters, values and gradients are those of the plain networks (up to
rounding), so a run trained with one kind goes on with the other. Every ReLU
remembers its output for `networks.fast_path`.

Shapes: as in `networks.models`.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from cascade_jax.networks.fast_conv import layers
from cascade_jax.networks.models import HIDDEN_UNITS, conv_channels, dense


class Encoder(nn.Module):
  """`models.Encoder` on 2x2 blocks.

  Attributes:
    num_outputs: n.
  """

  num_outputs: int

  @nn.compact
  def __call__(self, images: jax.Array) -> jax.Array:
    """Maps images `[B, H, W, C]` in [0, 1] to `[B, n]`."""
    channels = conv_channels(images.shape[1])
    first = layers.ImageToBlocks(channels[0], name="conv_0")
    x = layers.Relu()(first(images))
    for index, features in enumerate(channels[1:], start=1):
      conv = layers.StridedConvolution(
        features, from_blocks=index == 1, name=f"conv_{index}"
      )
      x = layers.Relu()(conv(x))
    x = x.reshape(x.shape[0], -1)
    x = layers.Relu()(dense(HIDDEN_UNITS, name="hidden")(x))
    return dense(self.num_outputs, name="head")(x)


class Decoder(nn.Module):
  """`models.Decoder` on 2x2 blocks.

  Attributes:
    image_shape: H, W, C.
  """

  image_shape: tuple[int, int, int]

  @nn.compact
  def __call__(self, latents: jax.Array, codes: jax.Array) -> jax.Array:
    """Maps latents `[B, m]` and codes `[B, S]` to logits `[B, H, W, C]`."""
    channels = conv_channels(self.image_shape[0])[::-1]
    x = jnp.concatenate([latents, codes], axis=-1)
    x = layers.Relu()(dense(HIDDEN_UNITS, name="hidden")(x))
    x = layers.Relu()(dense(4 * 4 * channels[0], name="grid")(x))
    x = x.reshape(-1, 4, 4, channels[0])
    for index, features in enumerate(channels[1:]):
      is_last = index == len(channels) - 2
      conv = layers.TransposedConvolution(
        features, to_blocks=is_last, name=f"conv_{index}"
      )
      x = layers.Relu(width=features if is_last else None)(conv(x))
    return layers.BlocksToImage(self.image_shape[-1], name="logits")(x)
