import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax import losses, methods
from cascade_jax.errors import UserError
from cascade_jax.methods.factor_vae import loss as factor_vae_loss
from cascade_jax.networks import models
from cascade_jax.networks.discriminators import (
  Discriminator,
  classification_loss,
)
from cascade_jax.networks.posterior import gaussian, sample
from cascade_jax.types import Batch, LossInputs, StepInputs
from tests.helpers import linear_networks
from tests.helpers.jitted import jitted
from tests.helpers.twins import assert_gradients_close

BATCH, HALF, M = 8, 4, 3
SHAPE = (16, 16, 1)


@functools.cache  # of what is compiled
def build(gamma):
  method = methods.factor_vae(
    SHAPE,
    num_continuous=M,
    batch_size=BATCH,
    learning_rate=3e-3,
    weight_penalty=0.01,
    gamma=gamma,
    discriminator_units=16,
    discriminator_layers=2,
  )
  return jitted(method)


def make(gamma=7.0):
  method = build(gamma)
  return method, method.init(0)


@pytest.fixture
def images():
  rng = np.random.default_rng(0)
  return jnp.asarray(rng.integers(0, 2, (BATCH, 16, 16, 1)), jnp.float32)


def noise_of(state):
  """The noise of the half that trains the VAE."""
  key = jax.random.fold_in(jax.random.key(state.seed), state.step)
  return jax.random.normal(key, (HALF, M))


@jax.jit
def posterior_of(params, images):
  encoder = models.Encoder(2 * M)
  return gaussian(encoder.apply(params["encoder"], images))


def logits_of(params, latents):
  network = Discriminator(layers=2, units=16, slope=0.2)
  return network.apply(params["discriminator"], latents)


def permuted_of(method, state, images):
  return method.forward(state, Batch(images), False).residuals.permuted


def networks_of(state):
  return {key: state.params[key] for key in ("encoder", "decoder")}


def step(method, state, images):
  batch = Batch(images)
  forward_pass = method.forward(state, batch, False)
  return method.update(state, batch, StepInputs(forward_pass=forward_pass))


def test_loss_is_the_objective_of_the_paper():
  params, images = linear_networks.problem(num_outputs=2 * M, num_inputs=M)
  noise = np.random.default_rng(1).standard_normal((len(images), M))
  codes = np.zeros((len(images), 0))
  inputs = LossInputs(jnp.float32(codes), jnp.float32(noise), None, 0)
  total, parts = factor_vae_loss(
    linear_networks.LinearNetworks(),
    params,
    Batch(images),
    inputs,
    log_density_ratio=lambda latents: jnp.sin(latents).sum(axis=1),
    gamma=7.0,
    weight_penalty=0.01,
  )
  mean, scale = linear_networks.posterior_in_numpy(params, images, M)
  latents = mean + scale * noise
  nll = linear_networks.nll_in_numpy(params, images, latents, codes)
  kl = linear_networks.kl_in_numpy(mean, scale).mean(axis=0)
  correlation = np.sin(latents).sum(axis=1).mean()
  penalty = linear_networks.penalty_in_numpy(params, 0.01)
  expected = nll + kl.sum() + 7 * correlation + penalty
  np.testing.assert_allclose(total, expected, rtol=1e-5)
  np.testing.assert_allclose(parts.latents, latents, rtol=1e-4, atol=1e-5)
  np.testing.assert_allclose(
    parts.terms["total_correlation"], correlation, rtol=1e-4, atol=1e-5
  )


def test_discriminator_tells_one_half_from_the_other_permuted(images):
  method, state = make()
  permuted = permuted_of(method, state, images)
  latents = sample(posterior_of(state.params, images[:HALF]), noise_of(state))

  def cross_entropy(discriminator):
    params = {"discriminator": discriminator}
    return classification_loss(
      logits_of(params, latents), logits_of(params, permuted)
    )

  loss, gradients = jax.value_and_grad(cross_entropy)(
    state.params["discriminator"]
  )
  after, metrics = step(method, state, images)
  terms = metrics.terms
  np.testing.assert_allclose(terms["discriminator_loss"], loss, rtol=1e-5)
  got = jax.tree.map(lambda m: 2 * m, after.optimizer.discriminator[0].mu)
  assert_gradients_close(got, gradients, atol=2e-5)


def test_permuted_latents_are_samples_of_the_other_half(images):
  """Where there is next to no noise, they are its means, each column alone."""
  method, state = make()
  head = state.params["encoder"]["params"]["head"]
  head["bias"] = jnp.array([0.0] * M + [-30.0] * M)
  permuted = permuted_of(method, state, images)
  mean = posterior_of(state.params, images[HALF:]).mean
  np.testing.assert_allclose(
    np.sort(permuted, axis=0), np.sort(mean, axis=0), rtol=1e-4
  )


def test_randomness_changes_with_step_and_seed(images):
  method, state = make()
  permuted = permuted_of(method, state, images)
  for other in (
    state._replace(step=state.step + 1),
    state._replace(seed=state.seed + 1),
  ):
    different = permuted_of(method, other, images)
    assert (permuted != different).all()


def test_noise_of_the_halves_differs(images):
  """Given the same images twice, the sorted samples would agree otherwise."""
  method, state = make()
  twice = jnp.concatenate([images[:HALF], images[:HALF]])
  permuted = permuted_of(method, state, twice)
  posterior = posterior_of(state.params, twice[:HALF])
  latents = sample(posterior, noise_of(state))
  difference = np.sort(permuted, axis=0) - np.sort(latents, axis=0)
  assert (np.abs(difference) > 1e-4).all()


def test_networks_learn_from_their_own_losses_only(images):
  """The VAE isn't moved by the second half, nor a discriminator by gamma."""
  method, state = make()
  after, _ = step(method, state, images)
  other_half = images.at[HALF:].set(1 - images[HALF:])
  other, _ = step(method, state, other_half)
  chex.assert_trees_all_equal(networks_of(after), networks_of(other))
  moved, unmoved = (each.params["discriminator"] for each in (after, other))
  different = jax.tree.map(lambda a, b: bool((a != b).any()), moved, unmoved)
  assert all(jax.tree.leaves(different))
  without, _ = step(make(gamma=0.0)[0], state, images)
  chex.assert_trees_all_equal(
    without.params["discriminator"], after.params["discriminator"]
  )


def test_without_gamma_it_is_the_vae(images):
  method, state = make(gamma=0.0)
  _, metrics = step(method, state, images)
  posterior = posterior_of(state.params, images[:HALF])
  kl = losses.kl_per_dimension(posterior).mean(axis=0)
  np.testing.assert_allclose(metrics.kl, kl, rtol=1e-4)
  total = metrics.reconstruction + metrics.kl.sum()
  np.testing.assert_allclose(
    metrics.loss, total + metrics.terms["weight_penalty"], rtol=1e-6
  )


def test_total_correlation_is_the_mean_logit(images):
  method, state = make()
  _, metrics = step(method, state, images)
  latents = sample(posterior_of(state.params, images[:HALF]), noise_of(state))
  np.testing.assert_allclose(
    metrics.terms["total_correlation"],
    logits_of(state.params, latents).mean(),
    rtol=1e-5,
  )


def test_learning_lowers_the_losses(images):
  method, state = make()
  losses_of_steps = []
  for _ in range(60):
    state, metrics = step(method, state, images)
    losses_of_steps.append(float(metrics.loss))
  assert losses_of_steps[-1] < 0.9 * losses_of_steps[0]


def of_config(**options):
  config = config_lib.default()
  config.method = "factor_vae"
  config.update(options)
  return methods.build(config, SHAPE)


@pytest.mark.parametrize("batch_size", [2, 7])
def test_batch_without_two_halves_is_refused(batch_size):
  with pytest.raises(UserError, match=f"batch_size is {batch_size}.*even"):
    of_config(batch_size=batch_size)


@pytest.mark.parametrize(
  "options",
  [
    {"gamma": -1.0},
    {"discriminator_units": 0},
    {"discriminator_layers": 0},
    {"discriminator_learning_rate": float("nan")},
  ],
)
def test_options_out_of_range_are_refused(options):
  (key,) = options
  with pytest.raises(UserError, match=f"config.factor_vae.{key} is"):
    of_config(factor_vae=options)


def test_discriminator_is_six_layers_of_a_thousand():
  config = config_lib.default()
  config.method = "factor_vae"
  method = methods.build(config, (64, 64, 1))
  params = jax.eval_shape(method.init, 0).params["discriminator"]["params"]
  widths = [params[f"hidden_{k}"]["kernel"].shape[1] for k in range(6)]
  assert widths == [1000] * 6 and len(params) == 7
