import chex
import numpy as np
from scipy import stats

from cascade_jax import losses
from cascade_jax.types import Posterior


class LossesTest(chex.TestCase):
  @chex.variants(with_jit=True, without_jit=True)
  def test_bernoulli_is_summed_over_pixels(self):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 2, (3, 4, 4, 2)).astype(np.float32)
    logits = rng.standard_normal(images.shape, np.float32)
    nll = self.variant(losses.bernoulli_nll)(images, logits)
    likelihood = stats.bernoulli.logpmf(
      images.astype(int), 1 / (1 + np.exp(-logits))
    )
    np.testing.assert_allclose(nll, -likelihood.sum((1, 2, 3)), rtol=1e-5)

  def test_bernoulli_stays_finite_at_extreme_logits(self):
    images = np.array([1.0, 0.0], np.float32).reshape(1, 1, 2, 1)
    logits = np.array([-1e4, 1e4], np.float32).reshape(1, 1, 2, 1)
    np.testing.assert_allclose(losses.bernoulli_nll(images, logits), [2e4])

  @chex.variants(with_jit=True, without_jit=True)
  def test_gaussian_is_a_normal_density(self):
    rng = np.random.default_rng(1)
    images = rng.uniform(size=(3, 4, 4, 1)).astype(np.float32)
    logits = rng.standard_normal(images.shape, np.float32)
    nll = self.variant(losses.gaussian_nll)(images, logits)
    likelihood = stats.norm.logpdf(images, 1 / (1 + np.exp(-logits)), 1.0)
    np.testing.assert_allclose(nll, -likelihood.sum((1, 2, 3)), rtol=1e-5)

  @chex.variants(with_jit=True, without_jit=True)
  def test_kl_matches_monte_carlo(self):
    rng = np.random.default_rng(2)
    mean = np.array([[0.0, 1.5, -0.5]], np.float32)
    scale = np.array([[1.0, 0.2, 2.0]], np.float32)
    kl = self.variant(losses.kl_per_dimension)(Posterior(mean, scale))
    z = mean + scale * rng.standard_normal((400_000, 3))
    ratio = stats.norm.logpdf(z, mean, scale) - stats.norm.logpdf(z)
    chex.assert_shape(kl, (1, 3))
    np.testing.assert_allclose(kl[0], ratio.mean(axis=0), atol=0.02)

  def test_mean_kl_is_that_of_a_loop_over_images(self):
    rng = np.random.default_rng(1)
    mean, scale = rng.uniform(0.1, 2, (2, 5, 3)).astype(np.float32)
    expected = [
      [(m**2 + s**2 - 1) / 2 - np.log(s) for m, s in zip(*rows)]
      for rows in zip(mean, scale)
    ]
    kl = losses.mean_kl(mean, scale)
    assert isinstance(kl, np.ndarray)
    np.testing.assert_allclose(kl, np.mean(expected, axis=0), rtol=1e-5)

  def test_kl_is_zero_for_the_prior_and_finite_without_width(self):
    zeros, ones = np.zeros((1, 1)), np.ones((1, 1))
    prior = losses.kl_per_dimension(Posterior(zeros, ones))
    np.testing.assert_allclose(prior, 0, atol=1e-6)
    thin = losses.kl_per_dimension(Posterior(zeros, zeros))
    assert np.isfinite(thin).all()

  @chex.variants(with_jit=True, without_jit=True)
  def test_total_correlation_equals_its_numpy_twin(self):
    """Minibatch-weighted sampling, written with loops and densities."""
    rng = np.random.default_rng(4)
    mean, latents = rng.normal(size=(2, 5, 3)).astype(np.float32)
    scale = rng.uniform(0.3, 2, (5, 3)).astype(np.float32)
    terms = []
    for z in latents:
      densities = stats.norm.pdf(z, mean, scale)  # [x, m]
      joint = densities.prod(axis=1).mean()
      marginals = densities.mean(axis=0).prod()
      terms.append(np.log(joint) - np.log(marginals))
    correlation = self.variant(losses.total_correlation)(
      Posterior(mean, scale), latents
    )
    np.testing.assert_allclose(correlation, np.mean(terms), rtol=1e-4)

  def test_total_correlation_of_equal_posteriors_is_zero(self):
    posterior = Posterior(np.ones((6, 2)), np.ones((6, 2)))
    latents = np.random.default_rng(5).normal(size=(6, 2))
    correlation = losses.total_correlation(posterior, latents)
    np.testing.assert_allclose(correlation, 0, atol=1e-6)

  @chex.variants(with_jit=True, without_jit=True)
  def test_categorical_kl_is_that_to_the_uniform(self):
    logits = np.random.default_rng(3).normal(0, 3, (5, 4)).astype(np.float32)
    kl = self.variant(losses.categorical_kl)(logits)
    q = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = stats.entropy(q, np.full_like(q, 1 / 4), axis=1)
    np.testing.assert_allclose(kl, expected, rtol=1e-5)

  def test_categorical_kl_at_its_two_ends(self):
    logits = np.array([[7.0, 7.0, 7.0], [0.0, 1e4, 0.0]], np.float32)
    kl = losses.categorical_kl(logits)
    np.testing.assert_allclose(kl, [0, np.log(3)], atol=1e-6)

  @chex.variants(with_jit=True, without_jit=True)
  def test_capacity_rises_linearly_and_stays(self):
    capacity = self.variant(lambda step: losses.capacity(step, 40.0, 300))
    got = [capacity(np.int32(step)) for step in (0, 150, 300, 301, 10**6)]
    np.testing.assert_allclose(got, [0, 20, 40, 40, 40], rtol=1e-6)

  def test_weight_penalty_takes_kernels_not_biases(self):
    params = {
      "a": {"kernel": np.array([1.0, 2.0]), "bias": np.array([100.0])},
      "b": {"kernel": np.array([3.0])},
    }
    np.testing.assert_allclose(losses.weight_penalty(params, 0.5), 0.25 * 14)
