"""The encoder and the decoder together, as functions of their parameters.

Shapes: B batch, m continuous dimensions, S categories of all discrete
variables together, H W C image, n outputs of the encoder for each image.
"""

from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp

from cascade_jax import losses
from cascade_jax.backend import backend
from cascade_jax.errors import UserError
from cascade_jax.networks import models
from cascade_jax.networks.fast_conv import networks as fast_networks
from cascade_jax.types import Params


class Networks(Protocol):
  """The functions of an encoder and a decoder that a loss calls.

  An `Autoencoder` computes them; `fast_path` records its activations, and
  computes from recorded ones.
  """

  def encode(self, params: Params, images: jax.Array) -> jax.Array:
    """Maps images `[B, H, W, C]` to the encoder's outputs `[B, n]`."""
    ...

  def decode(
    self, params: Params, latents: jax.Array, codes: jax.Array
  ) -> jax.Array:
    """Maps latents `[B, m]` and codes `[B, S]` to logits `[B, H, W, C]`."""
    ...

  def nll(
    self,
    params: Params,
    images: jax.Array,
    latents: jax.Array,
    codes: jax.Array,
  ) -> jax.Array:
    """Returns -log p(x | z, d), nats per image `[B]`, summed over pixels."""
    ...

  def nll_of_logits(self, images: jax.Array, logits: jax.Array) -> jax.Array:
    """Returns -log p(x | logits), nats per image `[B]`, summed over pixels."""
    ...


class Autoencoder(NamedTuple):
  """Pure functions of parameters `{"encoder": ..., "decoder": ...}`.

  Attributes:
    encoder: maps images to n numbers each.
    decoder: maps latents and codes to images.
    likelihood: of pixels, one of `losses.LIKELIHOODS`.
    is_fast: whether the modules remember their activations (`fast_path`).
  """

  encoder: models.Encoder | fast_networks.Encoder
  decoder: models.Decoder | fast_networks.Decoder
  likelihood: str
  is_fast: bool

  def init(
    self, key: jax.Array, num_continuous: int, code_length: int
  ) -> Params:
    """Returns fresh parameters for m latents and codes of length S."""
    encoder_key, decoder_key = jax.random.split(key)
    latents = jnp.zeros((1, num_continuous))
    codes = jnp.zeros((1, code_length))
    images = jnp.zeros((1, *self.decoder.image_shape))
    return {
      "encoder": self.encoder.init(encoder_key, images),
      "decoder": self.decoder.init(decoder_key, latents, codes),
    }

  def encode(self, params: Params, images: jax.Array) -> jax.Array:
    """Maps images `[B, H, W, C]` to the encoder's outputs `[B, n]`."""
    outputs: Any = self.encoder.apply(params["encoder"], images)
    return outputs

  def decode(
    self, params: Params, latents: jax.Array, codes: jax.Array
  ) -> jax.Array:
    """Maps latents `[B, m]` and codes `[B, S]` to logits `[B, H, W, C]`."""
    logits: Any = self.decoder.apply(params["decoder"], latents, codes)
    return logits

  def nll(
    self,
    params: Params,
    images: jax.Array,
    latents: jax.Array,
    codes: jax.Array,
  ) -> jax.Array:
    """Returns -log p(x | z, d), nats per image `[B]`, summed over pixels."""
    return self.nll_of_logits(images, self.decode(params, latents, codes))

  def nll_of_logits(self, images: jax.Array, logits: jax.Array) -> jax.Array:
    """Returns -log p(x | logits), nats per image `[B]`, summed over pixels."""
    return losses.reconstruction_nll(self.likelihood, images, logits)


def autoencoder(
  image_shape: tuple[int, int, int],
  num_outputs: int,
  likelihood: str,
  is_fast: bool | None = None,
) -> Autoencoder:
  """Returns the two networks for images H, W, C and n encoder outputs.

  Args:
    image_shape: H, W, C; H = W, one of `models.IMAGE_SIZES`.
    num_outputs: n.
    likelihood: one of `losses.LIKELIHOODS`.
    is_fast: True for the convolutions on blocks, False for the plain ones;
      None for what `backend` says is faster.

  Raises:
    UserError: an unknown likelihood, or images of a size that the networks do
      not take.
  """
  if likelihood not in losses.LIKELIHOODS:
    raise UserError(
      f"likelihood is {likelihood!r}; it must be one of {losses.LIKELIHOODS}"
    )
  height, width, _ = image_shape
  if height != width or height not in models.IMAGE_SIZES:
    raise UserError(
      f"image_shape is {image_shape}; the networks take squares of "
      f"{models.IMAGE_SIZES} pixels: resize or pad the images"
    )
  if is_fast is None:
    is_fast = backend().fast_networks
  room = fast_networks if is_fast else models
  return Autoencoder(
    room.Encoder(num_outputs), room.Decoder(image_shape), likelihood, is_fast
  )
