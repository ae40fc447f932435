"""Information of the latents: known answers, and a loop implementation."""

import chex
import jax
import numpy as np
import pytest
from scipy import stats

from cascade_jax import losses
from cascade_jax.evaluation.information import information
from cascade_jax.types import Posterior


def gaussian(covariance, scale=0.5, num_images=10_000):
  """Returns a posterior whose aggregate over images is N(0, covariance)."""
  covariance = np.asarray(covariance)
  m = len(covariance)
  mean = np.random.default_rng(0).multivariate_normal(
    np.zeros(m), covariance - scale**2 * np.eye(m), num_images
  )
  return mean, np.full_like(mean, scale)


def assert_close(values, errors, expected, systematic=0.01):
  """Checks values to four standard errors plus the error of 10,000 images."""
  tolerance = 4 * np.asarray(errors) + systematic
  assert (np.abs(np.asarray(values) - expected) < tolerance).all(), (
    values,
    expected,
  )


def test_gaussians_have_the_known_information():
  covariance = np.array([[1.0, 0.6, 0.3], [0.6, 1.0, 0.1], [0.3, 0.1, 2.0]])
  variances = np.diag(covariance)
  result, errors = information(*gaussian(covariance))

  def tc(upto):
    block = covariance[:upto, :upto]
    return 0.5 * np.log(np.prod(np.diag(block)) / np.linalg.det(block))

  assert_close(
    result.aggregate_total_correlation,
    errors.aggregate_total_correlation,
    tc(3),
  )
  assert_close(
    result.information_with_earlier,
    errors.information_with_earlier,
    [0, tc(2), tc(3) - tc(2)],
  )
  assert_close(
    result.index_code_information,
    errors.index_code_information,
    0.5 * np.log(np.linalg.det(covariance / 0.25)),
  )
  assert_close(
    result.dimension_information,
    errors.dimension_information,
    0.5 * np.log(variances / 0.25),
  )
  assert_close(
    result.dimension_wise_kl,
    errors.dimension_wise_kl,
    0.5 * (variances - 1 - np.log(variances)),
  )


def test_a_copied_latent_adds_total_correlation():
  """TC(z, z + noise) is the information of the second, which is not new."""
  first, scale = gaussian([[1.0]], scale=0.1)
  result, _ = information(np.tile(first, 2), np.tile(scale, 2))
  alone, _ = information(first, scale)
  np.testing.assert_allclose(alone.index_code_information, np.log(10), atol=0.1)
  assert abs(result.information_with_earlier[0]) < 1e-6
  np.testing.assert_allclose(
    result.information_with_earlier[1], 1.958, atol=0.1
  )
  assert (
    result.index_code_information - alone.index_code_information < 0.4
  )  # log 2 / 2 is expected


def test_fully_separated_images_have_information_log_n():
  mean = 100.0 * np.arange(50)[:, None] * [1.0, 0.0]
  result, errors = information(mean, np.ones_like(mean), num_samples=500)
  np.testing.assert_allclose(
    result.index_code_information, np.log(50), rtol=1e-4
  )
  np.testing.assert_allclose(
    result.dimension_information, [np.log(50), 0], rtol=1e-4, atol=1e-4
  )
  assert errors.index_code_information < 1e-3
  assert abs(result.aggregate_total_correlation) < 1e-3


def test_latents_that_ignore_the_image_have_no_information():
  result, _ = information(np.zeros((100, 3)), np.full((100, 3), 0.7))
  expected = losses.kl_per_dimension(Posterior(np.zeros(3), np.full(3, 0.7)))
  np.testing.assert_allclose(result.index_code_information, 0, atol=1e-4)
  np.testing.assert_allclose(result.dimension_information, 0, atol=1e-4)
  np.testing.assert_allclose(result.aggregate_total_correlation, 0, atol=1e-4)
  np.testing.assert_allclose(result.dimension_wise_kl, expected, atol=0.05)


def test_the_parts_sum_to_the_kl():
  rng = np.random.default_rng(0)
  mean = rng.standard_normal((300, 4))
  scale = np.exp(rng.normal(-1, 0.5, (300, 4)))
  result, errors = information(mean, scale)
  kl = losses.kl_per_dimension(Posterior(mean, scale)).mean(axis=0)
  assert_close(
    result.dimension_information + result.dimension_wise_kl,
    errors.dimension_information + errors.dimension_wise_kl,
    kl,
    systematic=0,
  )
  np.testing.assert_allclose(
    result.information_with_earlier.sum(),
    result.aggregate_total_correlation,
    atol=1e-5,
  )
  np.testing.assert_allclose(
    result.index_code_information + result.aggregate_total_correlation,
    result.dimension_information.sum(),
    atol=1e-5,
  )


def test_it_equals_a_loop_implementation():
  rng = np.random.default_rng(1)
  mean = rng.standard_normal((20, 3)).astype(np.float32)
  scale = np.exp(rng.normal(-1, 0.5, (20, 3))).astype(np.float32)
  images_key, noise_key = jax.random.split(jax.random.key(5))
  drawn = jax.random.randint(images_key, (9,), 0, 20)
  noise = jax.random.normal(noise_key, (9, 3))
  terms = []
  for n, e in zip(np.asarray(drawn), np.asarray(noise, np.float64)):
    z = mean[n] + scale[n] * e
    density = stats.norm.pdf(z, mean, scale)  # [N, m]
    own = np.log(density[n])
    q = np.log(density.mean(axis=0))
    upto = [np.log(density[:, :i].prod(axis=1).mean()) for i in range(4)]
    terms.append(
      (
        own.sum() - upto[3],
        upto[3] - q.sum(),
        q - stats.norm.logpdf(z),
        own - q,
        [upto[i + 1] - upto[i] - q[i] for i in range(3)],
      )
    )
  result, errors = information(mean, scale, num_samples=9, seed=5)
  for name, term in zip(result._fields, zip(*terms)):
    expected = np.mean(term, axis=0)
    chex.assert_trees_all_close(
      getattr(result, name), expected, atol=1e-5, rtol=1e-4
    )
    chex.assert_trees_all_close(
      getattr(errors, name), stats.sem(term, axis=0), atol=1e-5, rtol=1e-3
    )


def test_malformed_input_is_named():
  mean = np.zeros((5, 2))
  with pytest.raises(ValueError, match="deterministic encoder"):
    information(mean, np.array([[1.0, 0.0]] * 5))
  with pytest.raises(ValueError, match="num_samples must be 2 or more, got 1"):
    information(mean, mean + 1, num_samples=1)
