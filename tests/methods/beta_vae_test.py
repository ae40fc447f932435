"""beta-VAE, its annealed variant and beta-TCVAE: what they add to the loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from cascade_jax import config as config_lib
from cascade_jax import losses, methods
from cascade_jax.types import Batch, Posterior

BATCH, M = 4, 3


def make(name, **options):
  config = config_lib.default()
  config.data.image_size = 16
  config.num_continuous = M
  config.method = name
  config.weight_penalty = 0.0
  config[name].update(options)
  method = methods.build(config, (16, 16, 1))
  return method, method.init(0)


@pytest.fixture
def batch():
  rng = np.random.default_rng(0)
  images = rng.integers(0, 2, (BATCH, 16, 16, 1))
  return Batch(jnp.asarray(images, jnp.float32))


def report_of(method, state, batch):
  @jax.jit
  def report(state):
    weights = method.stage(0).kl_weights
    scores = method.score(state, batch, False)
    return method.update(state, batch, weights, scores)[1]

  return report(state)


def posterior_of(method, state, batch):
  codes = method.represent(state.params, batch.images, False)
  return np.asarray(codes.mean, float), np.asarray(codes.scale, float)


def kl_by_scipy(mean, scale):
  """Mean over the batch of each dimension's KL, by its entropies."""
  cross = -(stats.norm.logpdf(0) - 0.5 * (mean**2 + scale**2))
  return (cross - stats.norm(mean, scale).entropy()).mean(axis=0)


def test_beta_weighs_the_whole_kl(batch):
  method, state = make("beta_vae", beta=7.0)
  report = report_of(method, state, batch)
  kl = kl_by_scipy(*posterior_of(method, state, batch))
  np.testing.assert_allclose(report.kl, kl, rtol=1e-4)
  expected = report.reconstruction + 7 * kl.sum()
  np.testing.assert_allclose(report.loss, expected, rtol=1e-5)


@pytest.mark.parametrize("step", [5, 25])
def test_annealed_variant_holds_the_kl_at_a_rising_capacity(batch, step):
  method, state = make("beta_vae", capacity=2.0, capacity_steps=10, gamma=30.0)
  state = state._replace(step=jnp.int32(step))
  report = report_of(method, state, batch)
  capacity = 2.0 * min(step / 10, 1)
  kl = kl_by_scipy(*posterior_of(method, state, batch)).sum()
  np.testing.assert_allclose(report.terms["capacity"], capacity, rtol=1e-6)
  expected = report.reconstruction + 30 * abs(kl - capacity)
  np.testing.assert_allclose(report.loss, expected, rtol=1e-5)


def test_tcvae_adds_beta_minus_one_correlations(batch):
  method, state = make("beta_tcvae", beta=5.0)
  report = report_of(method, state, batch)
  expected = (
    report.reconstruction
    + report.kl.sum()
    + 4 * report.terms["total_correlation"]
  )
  np.testing.assert_allclose(report.loss, expected, rtol=1e-5)


def test_total_correlation_equals_a_loop_over_the_batch():
  rng = np.random.default_rng(0)
  mean, latents = rng.standard_normal((2, BATCH, M))
  scale = rng.uniform(0.2, 1.0, (BATCH, M))
  terms = []
  for z in latents:
    each = stats.norm.pdf(z, mean, scale)  # [B, m]
    joint, marginals = each.prod(axis=1).mean(), each.mean(axis=0)
    terms.append(np.log(joint) - np.log(marginals).sum())
  posterior = Posterior(jnp.asarray(mean), jnp.asarray(scale))
  found = losses.total_correlation(posterior, jnp.asarray(latents))
  np.testing.assert_allclose(found, np.mean(terms), rtol=1e-5)


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_total_correlation_of_a_gaussian_is_known(rho):
  """Codes of correlation rho in two of three dimensions, widened by 0.3."""
  rng, spread = np.random.default_rng(0), 0.3
  covariance = np.eye(3)
  covariance[0, 1] = covariance[1, 0] = rho
  of_means = covariance - spread**2 * np.eye(3)
  mean = rng.multivariate_normal(np.zeros(3), of_means, 3000)
  scale = np.full_like(mean, spread)
  latents = mean + scale * rng.standard_normal(mean.shape)
  found = losses.total_correlation(
    Posterior(jnp.asarray(mean), jnp.asarray(scale)), jnp.asarray(latents)
  )
  assert abs(found - -0.5 * np.log(1 - rho**2)) < 0.06


def test_total_correlation_pulls_the_codes_apart():
  """A step down its gradient lowers the correlation of two codes."""
  rng = np.random.default_rng(0)
  mean = jnp.asarray(
    rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 200), jnp.float32
  )
  scale = jnp.full_like(mean, 0.3)

  def correlation(mean):
    return losses.total_correlation(Posterior(mean, scale), mean)

  gradient = jax.grad(correlation)(mean)
  after = mean - 20 * gradient
  assert np.corrcoef(after.T)[0, 1] < np.corrcoef(mean.T)[0, 1] - 0.02


@pytest.mark.parametrize(
  ("name", "key", "value"),
  [
    ("beta_vae", "beta", -1.0),
    ("beta_vae", "capacity", float("nan")),
    ("beta_vae", "capacity_steps", 0),
    ("beta_tcvae", "beta", float("inf")),
  ],
)
def test_bad_options_are_named(name, key, value):
  with pytest.raises(ValueError, match=f"config.{name}.{key} is {value}"):
    make(name, **{key: value})
