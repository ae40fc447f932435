import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax.networks import posterior as posterior_lib
from cascade_jax.types import Posterior


def test_mean_is_the_first_half_and_scale_the_softplus_of_the_second():
  outputs = jnp.array([[1.0, -2.0, 0.0, 30.0], [3.0, 4.0, -5.0, 1.0]])
  posterior = posterior_lib.gaussian(outputs)
  np.testing.assert_array_equal(posterior.mean, outputs[:, :2])
  expected = np.log1p(np.exp(outputs[:, 2:]))
  np.testing.assert_allclose(posterior.scale, expected, rtol=1e-6)


def test_scale_is_positive():
  outputs = jax.random.normal(jax.random.key(0), (100, 12)) * 10
  posterior = posterior_lib.gaussian(outputs)
  chex.assert_shape(posterior, (100, 6))
  assert (posterior.scale > 0).all()


def test_sample_has_the_moments_of_the_posterior():
  posterior = Posterior(jnp.full((1, 2), 3.0), jnp.full((1, 2), 0.5))
  noise = jax.random.normal(jax.random.key(0), (100_000, 2))
  latents = np.asarray(posterior_lib.sample(posterior, noise))
  np.testing.assert_allclose(latents.mean(axis=0), 3.0, atol=0.01)
  np.testing.assert_allclose(latents.std(axis=0), 0.5, atol=0.01)


def soft_codes(logits, temperature, count=100_000):
  """Returns relaxed samples of one distribution, as rows."""
  gumbel = jax.random.gumbel(jax.random.key(0), (count, len(logits)))
  rows = jnp.tile(logits, (count, 1))
  return np.asarray(posterior_lib.gumbel_softmax(rows, gumbel, temperature))


@pytest.mark.parametrize("temperature", [0.01, 0.67, 5.0])
def test_largest_entry_of_a_soft_code_is_a_sample(temperature):
  probabilities = np.array([0.6, 0.3, 0.1], np.float32)
  codes = soft_codes(np.log(probabilities) + 5, temperature)
  np.testing.assert_allclose(codes.sum(axis=1), 1, rtol=1e-5)
  frequencies = np.bincount(codes.argmax(axis=1)) / len(codes)
  np.testing.assert_allclose(frequencies, probabilities, atol=0.01)


@pytest.mark.parametrize("temperature", [0.01, 0.67, 5.0])
def test_soft_codes_become_one_hot_at_low_temperatures(temperature):
  """With two equal categories, the first is sigmoid(logistic / temperature).

  So it is below 0.1 or above 0.9 where the logistic is beyond t * log 9.
  """
  codes = soft_codes(jnp.zeros(2), temperature)
  is_extreme = (codes.max(axis=1) > 0.9).mean()
  expected = 2 / (1 + 9**temperature)
  np.testing.assert_allclose(is_extreme, expected, atol=0.01)
