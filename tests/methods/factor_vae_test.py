import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax import losses, methods
from cascade_jax.networks import models
from cascade_jax.networks.discriminators import (
  Discriminator,
  classification_loss,
)
from cascade_jax.types import Batch
from tests.helpers.twins import assert_gradients_close, gradient_from

BATCH, HALF, M = 8, 4, 3


def tiny_config(**options):
  config = config_lib.default()
  config.method = "factor_vae"
  config.data.image_size = 16
  config.num_continuous = M
  config.batch_size = BATCH
  config.learning_rate = 3e-3
  config.weight_penalty = 0.01
  config.factor_vae.update(
    {"gamma": 7.0, "discriminator_units": 16, "discriminator_layers": 2}
    | options
  )
  return config


@functools.cache  # and what is compiled of it
def build(**options):
  return methods.build(tiny_config(**options), (16, 16, 1))


def make(**options):
  method = build(**options)
  return method, jax.jit(method.init)(0)


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
  return models.posterior(encoder.apply(params["encoder"], images))


def logits_of(params, latents):
  network = Discriminator(layers=2, units=16, slope=0.2)
  return network.apply(params["discriminator"], latents)


@jax.jit
def objective(params, state, images, gamma):
  """The VAE's, written plainly; the discriminator is the state's."""
  posterior = posterior_of(params, images[:HALF])
  latents = models.sample(posterior, noise_of(state))
  decoder = models.Decoder((16, 16, 1))
  logits = decoder.apply(params["decoder"], latents, jnp.zeros((HALF, 0)))
  nll = losses.bernoulli_nll(images[:HALF], logits).mean()
  kl = losses.kl_per_dimension(posterior).sum(axis=1).mean()
  total_correlation = logits_of(state.params, latents).mean()
  penalty = losses.weight_penalty(params, 0.01)
  return nll + kl + gamma * total_correlation + penalty


@functools.partial(jax.jit, static_argnums=0)
def permuted_of(method, state, images):
  return method.score(state, Batch(images), False).memory[1]


def networks_of(state):
  return {key: state.params[key] for key in ("encoder", "decoder")}


@functools.partial(jax.jit, static_argnums=0)
def step(method, state, images):
  batch = Batch(images)
  scores = method.score(state, batch, False)
  kl_weights = jnp.asarray(method.stage(0).kl_weights)
  return method.update(state, batch, kl_weights, scores)


def test_gradient_equals_that_of_the_whole_objective(images):
  method, state = make()
  loss, gradients = jax.value_and_grad(objective)(
    networks_of(state), state, images, 7.0
  )
  after, report = step(method, state, images)
  np.testing.assert_allclose(report.loss, loss, rtol=1e-6)
  got = gradient_from(after.optimizer.vae)
  assert_gradients_close(got, gradients, atol=2e-5)


def test_discriminator_tells_one_half_from_the_other_permuted(images):
  method, state = make()
  permuted = permuted_of(method, state, images)
  latents = models.sample(
    posterior_of(state.params, images[:HALF]), noise_of(state)
  )

  def cross_entropy(discriminator):
    params = {"discriminator": discriminator}
    return classification_loss(
      logits_of(params, latents), logits_of(params, permuted)
    )

  loss, gradients = jax.value_and_grad(cross_entropy)(
    state.params["discriminator"]
  )
  after, report = step(method, state, images)
  terms = report.terms
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
  latents = models.sample(posterior, noise_of(state))
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
  _, report = step(method, state, images)
  expected = objective(networks_of(state), state, images, 0.0)
  np.testing.assert_allclose(report.loss, expected, rtol=1e-6)
  total = report.reconstruction + report.kl.sum()
  np.testing.assert_allclose(
    report.loss, total + report.terms["weight_penalty"], rtol=1e-6
  )


def test_total_correlation_is_the_mean_logit(images):
  method, state = make()
  _, report = step(method, state, images)
  latents = models.sample(
    posterior_of(state.params, images[:HALF]), noise_of(state)
  )
  np.testing.assert_allclose(
    report.terms["total_correlation"],
    logits_of(state.params, latents).mean(),
    rtol=1e-5,
  )


def test_learning_lowers_the_losses(images):
  method, state = make()
  reports = []
  for _ in range(60):
    state, report = step(method, state, images)
    reports.append(report)
  assert reports[-1].loss < 0.9 * reports[0].loss


@pytest.mark.parametrize("batch_size", [2, 7])
def test_batch_without_two_halves_is_refused(batch_size):
  config = tiny_config()
  config.batch_size = batch_size
  with pytest.raises(ValueError, match=f"batch_size is {batch_size}.*even"):
    methods.build(config, (16, 16, 1))


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
  with pytest.raises(ValueError, match=f"config.factor_vae.{key} is"):
    make(**options)


def test_discriminator_is_six_layers_of_a_thousand():
  config = config_lib.default()
  config.method = "factor_vae"
  method = methods.build(config, (64, 64, 1))
  params = jax.eval_shape(method.init, 0).params["discriminator"]["params"]
  widths = [params[f"hidden_{k}"]["kernel"].shape[1] for k in range(6)]
  assert widths == [1000] * 6 and len(params) == 7
