"""Encoder and decoder, which run forward once a step.

A training step is two programs. The forward pass (`encode_and_remember`,
`score`) keeps its activations; the update is the gradient through `encode` and
`reconstruct`, given these. Codes can be solved for in between, and on a CPU two
programs are faster than one (`steps.steps_per_call` says why).

Letters: B batch, m continuous dimensions, S length of a code, K codes that are
scored for each image, H W C image, n numbers that the encoder gives an image.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from cascade_jax import losses
from cascade_jax.networks import models
from cascade_jax.networks.fast_conv import layers


class Decoded(NamedTuple):
  """The decoder's forward pass: its activations, and the logits."""

  activations: Any
  logits: jax.Array  # [K * B, H, W, C]


class Autoencoder:
  """The two networks; parameters are `{"encoder": ..., "decoder": ...}`.

  Args:
    image_shape: H, W, C.
    num_outputs: n.
    likelihood: of pixels, see `losses.LIKELIHOODS`.
  """

  def __init__(
    self, image_shape: tuple[int, int, int], num_outputs: int, likelihood: str
  ):
    self.image_shape = image_shape
    self.likelihood = likelihood
    self._encoder = models.Encoder(num_outputs)
    self._decoder = models.Decoder(image_shape)

  def init(self, key: jax.Array, num_continuous: int, code_length: int) -> dict:
    """Fresh parameters, for m and S."""
    encoder_key, decoder_key = jax.random.split(key)
    latents = jnp.zeros((1, num_continuous))
    codes = jnp.zeros((1, code_length))
    images = jnp.zeros((1, *self.image_shape))
    return {
      "encoder": self._encoder.init(encoder_key, images),
      "decoder": self._decoder.init(decoder_key, latents, codes),
    }

  def encode(self, params, images, activations=None) -> jax.Array:
    """`[B, n]`; with activations known, they are not computed again."""
    variables = params["encoder"] | (activations or {})
    return self._encoder.apply(variables, images)

  def encode_and_remember(self, params, images) -> tuple[jax.Array, Any]:
    """`[B, n]` and the activations."""
    return self._encoder.apply(
      params["encoder"], images, mutable=[layers.ACTIVATIONS]
    )

  def decode(self, params, latents, codes) -> jax.Array:
    """Latents `[B, m]` and codes `[B, S]` to logits `[B, H, W, C]`."""
    return self._decoder.apply(params["decoder"], latents, codes)

  def score(self, params, images, latents, codes) -> tuple[jax.Array, Decoded]:
    """K codes for each image: `[K, B, S]` to costs `[B, K]` in nats."""
    num_codes, batch_size, length = codes.shape
    logits, activations = self._decoder.apply(
      params["decoder"],
      jnp.tile(latents, (num_codes, 1)),
      codes.reshape(num_codes * batch_size, length),
      mutable=[layers.ACTIVATIONS],
    )
    costs = self.nll(jnp.tile(images, (num_codes, 1, 1, 1)), logits)
    return costs.reshape(num_codes, -1).T, Decoded(activations, logits)

  def reconstruct(
    self, params, images, latents, codes, decoded, nlls
  ) -> jax.Array:
    """`nlls` `[B]`, what `score` found, with their gradient.

    Args:
      params: to be differentiated by.
      images: `[B, H, W, C]`.
      latents: `[B, m]`, to be differentiated by; those that were scored.
      codes: `[B, S]`, likewise.
      decoded: of these, one code an image (see `chosen`).
      nlls: `[B]`, their costs.
    """
    slopes = jax.grad(lambda x: self.nll(images, x).sum())(decoded.logits)
    variables = params["decoder"] | decoded.activations
    logits = self._decoder.apply(variables, latents, codes)
    return losses.known_nll(logits, nlls, slopes)

  def nll(self, images, logits) -> jax.Array:
    """Nats per image `[B]`, summed over pixels."""
    return losses.reconstruction_nll(self.likelihood, images, logits)


def chosen(decoded: Decoded, index: jax.Array, num_codes: int) -> Decoded:
  """What was decoded for K codes an image, at one of them: `index` `[B]`."""
  if num_codes == 1:
    return decoded
  batch = jnp.arange(len(index))

  def rows(leaf):  # [K * B * rows of an image, ...]
    of_images = leaf.reshape(num_codes, len(index), -1, *leaf.shape[1:])
    return of_images[index, batch].reshape(-1, *leaf.shape[1:])

  return jax.tree.map(rows, decoded)
