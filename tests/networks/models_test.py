import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax.networks import models
from cascade_jax.types import Posterior


@pytest.mark.parametrize("image_shape", [(64, 64, 1), (32, 32, 1), (32, 32, 3)])
def test_shapes(image_shape):
  images = jnp.zeros((2, *image_shape))
  encoder, decoder = models.Encoder(12), models.Decoder(image_shape)
  outputs, _ = encoder.init_with_output(jax.random.key(0), images)
  posterior = models.posterior(outputs)
  chex.assert_shape(posterior, (2, 6))
  assert (posterior.scale > 0).all()
  logits, _ = decoder.init_with_output(
    jax.random.key(0), posterior.mean, jnp.zeros((2, 3))
  )
  chex.assert_shape(logits, (2, *image_shape))


def test_sizes_are_the_authors():
  """Number of weights, summed by hand from the authors' layer sizes."""
  encoder = models.Encoder(12).init(
    jax.random.key(0), jnp.zeros((1, 64, 64, 1))
  )
  decoder = models.Decoder((64, 64, 1)).init(
    jax.random.key(0), jnp.zeros((1, 6)), jnp.zeros((1, 3))
  )

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


def test_other_sizes_are_refused():
  with pytest.raises(ValueError, match="image_size is 48"):
    models.conv_channels(48)


def test_sample_has_the_moments_of_the_posterior():
  posterior = Posterior(jnp.full((1, 2), 3.0), jnp.full((1, 2), 0.5))
  noise = jax.random.normal(jax.random.key(0), (100_000, 2))
  latents = np.asarray(models.sample(posterior, noise))
  np.testing.assert_allclose(latents.mean(axis=0), 3.0, atol=0.01)
  np.testing.assert_allclose(latents.std(axis=0), 0.5, atol=0.01)


def gumbel_softmax(logits, temperature, count=100_000):
  """Rows of one distribution's relaxed samples."""
  gumbel = jax.random.gumbel(jax.random.key(0), (count, len(logits)))
  rows = jnp.tile(logits, (count, 1))
  return np.asarray(models.gumbel_softmax(rows, gumbel, temperature))


@pytest.mark.parametrize("temperature", [0.01, 0.67, 5.0])
def test_likeliest_category_of_a_soft_code_has_its_probability(temperature):
  probabilities = np.array([0.6, 0.3, 0.1], np.float32)
  codes = gumbel_softmax(np.log(probabilities) + 5, temperature)
  np.testing.assert_allclose(codes.sum(axis=1), 1, rtol=1e-5)
  frequencies = np.bincount(codes.argmax(axis=1)) / len(codes)
  np.testing.assert_allclose(frequencies, probabilities, atol=0.01)


def test_soft_codes_become_one_hot_as_it_gets_cold():
  """With two equal categories, the first is sigmoid(logistic / temperature).

  So it is below 0.1 or above 0.9 where the logistic is beyond t * log 9.
  """
  for temperature in (0.01, 0.67, 5.0):
    codes = gumbel_softmax(jnp.zeros(2), temperature)
    sure = (codes.max(axis=1) > 0.9).mean()
    expected = 2 / (1 + 9**temperature)
    np.testing.assert_allclose(sure, expected, atol=0.01)
