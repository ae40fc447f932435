import itertools

import chex
import jax
import jax.numpy as jnp
import pytest

from cascade_jax.networks import models
from cascade_jax.networks.fast_conv import networks as fast_networks

ROOMS = pytest.mark.parametrize(
  "room", [models, fast_networks], ids=["plain", "fast"]
)


def shapes_of(room, image_shape, num_outputs=12, num_continuous=6):
  """Returns the shapes of outputs and variables of encoder and decoder."""
  images = jax.ShapeDtypeStruct((2, *image_shape), jnp.float32)
  latents = jax.ShapeDtypeStruct((2, num_continuous), jnp.float32)
  codes = jax.ShapeDtypeStruct((2, 3), jnp.float32)
  key = jax.random.key(0)
  encoder, decoder = room.Encoder(num_outputs), room.Decoder(image_shape)
  return (
    jax.eval_shape(encoder.init_with_output, key, images),
    jax.eval_shape(decoder.init_with_output, key, latents, codes),
  )


@ROOMS
@pytest.mark.parametrize("image_shape", [(64, 64, 1), (32, 32, 1), (32, 32, 3)])
def test_outputs_have_the_shapes_that_are_asked_for(room, image_shape):
  (outputs, _), (logits, _) = shapes_of(room, image_shape)
  chex.assert_shape(outputs, (2, 12))
  chex.assert_shape(logits, (2, *image_shape))


@ROOMS
def test_sizes_are_the_authors(room):
  """Numbers of weights, summed by hand from the authors' layer sizes."""
  (_, encoder), (_, decoder) = shapes_of(room, (64, 64, 1))

  def conv(*channels):
    pairs = itertools.pairwise(channels)
    return sum(16 * i * o + o for i, o in pairs)

  def dense(*sizes):
    pairs = itertools.pairwise(sizes)
    return sum(i * o + o for i, o in pairs)

  def count(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))

  assert count(encoder) == conv(1, 32, 32, 64, 64) + dense(1024, 256, 12)
  assert count(decoder) == dense(9, 256, 1024) + conv(64, 64, 32, 32, 1)


def test_channels_of_half_size_are_the_authors():
  assert models.conv_channels(32) == (32, 32, 64)
  assert models.conv_channels(64) == (32, 32, 64, 64)
