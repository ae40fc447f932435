"""beta-VAE, its annealed variant and beta-TCVAE: what they add to the loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from cascade_jax import config as config_lib
from cascade_jax import losses, methods
from cascade_jax.errors import UserError
from cascade_jax.methods.beta_tcvae import loss as beta_tcvae_loss
from cascade_jax.methods.beta_vae import annealed_loss
from cascade_jax.methods.beta_vae import loss as beta_vae_loss
from cascade_jax.types import Batch, LossInputs, Posterior
from tests.helpers import linear_networks

BATCH, M = 4, 3
NOISE = np.random.default_rng(1).standard_normal((BATCH, M))
PENALTY = 0.01


def evaluate(loss, kl_weights=None, step=0, **settings):
  """The loss and its parts, with its terms in NumPy: nll, KL [B, m], L2."""
  params, images = linear_networks.problem(num_outputs=2 * M, num_inputs=M)
  codes = np.zeros((BATCH, 0))
  inputs = LossInputs(
    jnp.float32(codes), jnp.float32(NOISE), kl_weights, jnp.int32(step)
  )
  total, parts = loss(
    linear_networks.LinearNetworks(),
    params,
    Batch(images),
    inputs,
    weight_penalty=PENALTY,
    **settings,
  )
  mean, scale = linear_networks.posterior_in_numpy(params, images, M)
  nll = linear_networks.nll_in_numpy(
    params, images, mean + scale * NOISE, codes
  )
  kl = linear_networks.kl_in_numpy(mean, scale)
  np.testing.assert_allclose(parts.reconstruction, nll, rtol=1e-5)
  np.testing.assert_allclose(parts.kl, kl.mean(axis=0), rtol=1e-4)
  penalty = linear_networks.penalty_in_numpy(params, PENALTY)
  return total, parts, nll, kl, penalty


def test_kl_is_scipys():
  """Cross entropy with the prior less the entropy of the posterior."""
  rng = np.random.default_rng(0)
  mean, scale = rng.standard_normal((5, M)), rng.uniform(0.1, 2, (5, M))
  cross = -(stats.norm.logpdf(0) - 0.5 * (mean**2 + scale**2))
  expected = cross - stats.norm(mean, scale).entropy()
  posterior = Posterior(jnp.asarray(mean), jnp.asarray(scale))
  np.testing.assert_allclose(
    losses.kl_per_dimension(posterior), expected, rtol=1e-4, atol=1e-5
  )


def test_beta_weighs_the_whole_kl():
  method = methods.beta_vae((16, 16, 1), num_continuous=M, beta=7.0)
  weights = method.schedule(0).kl_weights
  np.testing.assert_array_equal(weights, np.full(M, 7.0))
  total, _, nll, kl, penalty = evaluate(beta_vae_loss, weights)
  expected = nll + 7 * kl.sum(axis=1).mean() + penalty
  np.testing.assert_allclose(total, expected, rtol=1e-5)


@pytest.mark.parametrize("step", [5, 25])
def test_annealed_variant_holds_the_kl_at_a_rising_capacity(step):
  total, parts, nll, kl, penalty = evaluate(
    annealed_loss, step=step, capacity=2.0, capacity_steps=10, gamma=30.0
  )
  capacity = 2.0 * min(step / 10, 1)
  np.testing.assert_allclose(parts.terms["capacity"], capacity, rtol=1e-6)
  expected = nll + 30 * abs(kl.sum(axis=1).mean() - capacity) + penalty
  np.testing.assert_allclose(total, expected, rtol=1e-5)


def test_methods_without_kl_weights_have_none_in_their_schedule():
  annealed = methods.beta_vae((16, 16, 1), capacity=2.0)
  for method in (annealed, methods.beta_tcvae((16, 16, 1))):
    stage = method.schedule(10)
    assert stage.kl_weights is None and stage.open_dimensions is None


def test_tcvae_adds_beta_minus_one_correlations():
  total, parts, nll, kl, penalty = evaluate(beta_tcvae_loss, beta=5.0)
  correlation = parts.terms["total_correlation"]
  expected = nll + kl.sum(axis=1).mean() + 4 * correlation + penalty
  np.testing.assert_allclose(total, expected, rtol=1e-5)


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
  config = config_lib.default()
  config.method = name
  config[name].update({key: value})
  with pytest.raises(UserError, match=f"config.{name}.{key} is {value}"):
    methods.build(config, (16, 16, 1))
