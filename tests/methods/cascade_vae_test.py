import functools
import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax import losses, methods
from cascade_jax.methods.cascade_vae import loss as cascade_vae_loss
from cascade_jax.networks import models
from cascade_jax.networks.posterior import gaussian, sample
from cascade_jax.types import Batch, LossInputs, StepInputs
from tests.helpers import linear_networks
from tests.helpers.jitted import jitted

BATCH = 4
SHAPE = (16, 16, 1)


DEFAULTS = {"weight_penalty": 4e-5, "reset_adam_at_phase": True}


@functools.cache  # of what is compiled
def build(settings):
  common = {"num_continuous": 3, "phase_steps": 2, "learning_rate": 3e-3}
  return jitted(methods.cascade_vae(SHAPE, **common, **dict(settings)))


def make(**settings):
  method = build(tuple((DEFAULTS | settings).items()))
  return method, method.init(0)


def noise_of(state):
  """The noise of a step, as `compose.step_key` promises it."""
  key = jax.random.fold_in(jax.random.key(state.seed), state.step)
  return jax.random.normal(key, (BATCH, 3))


@jax.jit
def posterior_of(params, images):
  return gaussian(models.Encoder(6).apply(params["encoder"], images))


@jax.jit
def logits_of(params, latents, codes):
  return models.Decoder(SHAPE).apply(params["decoder"], latents, codes)


def step(method, state, images, categories, kl_weights):
  """A whole step at given categories; -1 for all: without the code."""
  batch = Batch(images)
  categories = jnp.asarray(categories)
  forward_pass = method.forward(state, batch, bool((categories >= 0).all()))
  inputs = StepInputs(kl_weights, categories, forward_pass)
  return method.update(state, batch, inputs)


def unary_costs(method, state, images):
  return method.forward(state, Batch(images), True).unary_costs


def test_unary_costs_are_one_decoder_pass_a_category(images):
  method, state = make()
  latents = sample(posterior_of(state.params, images), noise_of(state))
  costs = unary_costs(method, state, images)
  chex.assert_shape(costs, (BATCH, 3))
  for category in range(3):
    codes = jnp.tile(jnp.eye(3)[category], (BATCH, 1))
    expected = losses.bernoulli_nll(
      images, logits_of(state.params, latents, codes)
    )
    np.testing.assert_allclose(costs[:, category], expected, rtol=1e-5)


def test_forward_pass_and_update_see_the_same_noise(images):
  """The update's reconstruction is the mean of the unaries at its codes."""
  method, state = make()
  categories = jnp.array([0, 2, 1, 2])
  costs = unary_costs(method, state, images)
  _, metrics = step(method, state, images, categories, jnp.ones(3))
  chosen = costs[jnp.arange(BATCH), categories]
  np.testing.assert_allclose(metrics.reconstruction, chosen.mean(), rtol=1e-5)


def test_noise_changes_with_step_and_seed(images):
  method, state = make()
  costs = [
    unary_costs(method, each, images)
    for each in (
      state,
      state._replace(step=state.step + 1),
      state._replace(seed=state.seed + 1),
    )
  ]
  assert (costs[0] != costs[1]).all() and (costs[0] != costs[2]).all()


@pytest.mark.parametrize("categories", [[0, 2, 1, 2], [-1] * BATCH])
def test_loss_is_the_objective_of_the_paper(categories):
  """Term by term, in NumPy; its gradient is `networks.fast_path`'s to test."""
  params, images = linear_networks.problem(num_outputs=6, num_inputs=6)
  weights = np.array([1.0, 10.0, 3.0])
  noise = np.random.default_rng(1).standard_normal((BATCH, 3))
  codes = np.array(
    [np.eye(3)[k] if k >= 0 else np.zeros(3) for k in categories]
  )
  inputs = LossInputs(*map(jnp.float32, (codes, noise, weights)), step=0)
  total, parts = cascade_vae_loss(
    linear_networks.LinearNetworks(),
    params,
    Batch(images),
    inputs,
    weight_penalty=0.01,
  )
  mean, scale = linear_networks.posterior_in_numpy(params, images, 3)
  latents = mean + scale * noise
  nll = linear_networks.nll_in_numpy(params, images, latents, codes)
  kl = linear_networks.kl_in_numpy(mean, scale).mean(axis=0)
  penalty = linear_networks.penalty_in_numpy(params, 0.01)
  np.testing.assert_allclose(parts.reconstruction, nll, rtol=1e-5)
  np.testing.assert_allclose(parts.kl, kl, rtol=1e-4)
  np.testing.assert_allclose(parts.terms["weight_penalty"], penalty, rtol=1e-5)
  np.testing.assert_allclose(total, nll + weights @ kl + penalty, rtol=1e-5)


def test_no_code_is_the_zero_vector(images):
  method, state = make()
  none = jnp.full(BATCH, -1)
  _, metrics = step(method, state, images, none, jnp.ones(3))
  latents = sample(posterior_of(state.params, images), noise_of(state))
  logits = logits_of(state.params, latents, jnp.zeros((BATCH, 3)))
  np.testing.assert_allclose(
    metrics.reconstruction, losses.bernoulli_nll(images, logits).mean(), 1e-5
  )


def test_loss_is_the_sum_of_its_terms(images):
  method, state = make(weight_penalty=0.01)
  weights = jnp.array([1.0, 10.0, 3.0])
  _, metrics = step(method, state, images, jnp.zeros(BATCH, int), weights)
  kl = losses.kl_per_dimension(posterior_of(state.params, images)).mean(axis=0)
  np.testing.assert_allclose(metrics.kl, kl, rtol=1e-5)
  expected = (
    metrics.reconstruction
    + (weights * kl).sum()
    + losses.weight_penalty(state.params, 0.01)
  )
  np.testing.assert_allclose(metrics.loss, expected, rtol=1e-6)


def moments(state):
  """Of Adam, alone or within `cascade.Moments`."""
  return getattr(state.optimizer, "adam", state.optimizer)[0]


def test_adam_sees_the_gradient_of_the_weight_penalty(images):
  """With everything else the same, the first moment differs by 0.1 * c * w."""
  categories = jnp.zeros(BATCH, int)
  after = []
  for strength in (4e-5, 0.01):
    method, state = make(weight_penalty=strength)
    after.append(step(method, state, images, categories, jnp.ones(3))[0])
  name = ("encoder", "params", "hidden", "kernel")
  first, second = (moments(each).mu for each in after)
  kernel = state.params
  for key in name:
    first, second, kernel = first[key], second[key], kernel[key]
  np.testing.assert_allclose(
    second - first, 0.1 * (0.01 - 4e-5) * kernel, rtol=0.05, atol=1e-6
  )


def test_adam_starts_anew_with_each_set_of_kl_weights(images):
  categories = jnp.zeros(BATCH, int)
  low, high = jnp.array([1.0, 10.0, 10.0]), jnp.array([1.0, 1.0, 10.0])
  for reset, count in ((True, 1), (False, 3)):
    method, state = make(reset_adam_at_phase=reset)
    for weights in (low, low):
      state, _ = step(method, state, images, categories, weights)
    assert moments(state).count == 2
    state, _ = step(method, state, images, categories, high)
    assert moments(state).count == count


def test_a_reset_update_is_the_first_update_of_a_new_adam(images):
  method, state = make()
  categories = jnp.zeros(BATCH, int)
  state, _ = step(method, state, images, categories, jnp.ones(3))
  fresh = state._replace(
    optimizer=jax.tree.map(jnp.zeros_like, state.optimizer)
  )
  weights = jnp.full(3, 2.0)
  got, _ = step(method, state, images, categories, weights)
  expected, _ = step(method, fresh, images, categories, weights)
  chex.assert_trees_all_close(got, expected)


def test_test_time_category_is_the_argmin_at_the_mean(images):
  method, state = make()
  codes = method.represent(state.params, images, True)
  posterior = posterior_of(state.params, images)
  chex.assert_trees_all_close(codes.mean, posterior.mean, atol=1e-5)
  costs = []
  for category in range(3):
    one_hot = jnp.tile(jnp.eye(3)[category], (BATCH, 1))
    logits = logits_of(state.params, posterior.mean, one_hot)
    costs.append(losses.bernoulli_nll(images, logits))
  costs = np.stack(costs, axis=1)
  np.testing.assert_array_equal(codes.categories[:, 0], costs.argmin(axis=1))
  np.testing.assert_allclose(codes.reconstruction, costs.min(axis=1), 1e-5)


def test_representation_without_the_code(images):
  method, state = make()
  codes = method.represent(state.params, images, False)
  chex.assert_shape(codes.categories, (BATCH, 0))
  logits = logits_of(state.params, codes.mean, jnp.zeros((BATCH, 3)))
  expected = losses.bernoulli_nll(images, logits)
  np.testing.assert_allclose(codes.reconstruction, expected, rtol=1e-5)


def test_decode_gives_probabilities(images):
  method, state = make()
  decoded = method.decode(state.params, jnp.zeros((2, 3)), jnp.array([1, -1]))
  chex.assert_shape(decoded, (2, 16, 16, 1))
  assert ((decoded > 0) & (decoded < 1)).all()


def test_learning_lowers_the_loss(images):
  method, state = make()
  categories, weights = jnp.zeros(BATCH, int), jnp.full(3, 0.1)
  losses_of_steps = []
  for _ in range(40):
    state, metrics = step(method, state, images, categories, weights)
    losses_of_steps.append(float(metrics.loss))
  assert losses_of_steps[-1] < 0.7 * losses_of_steps[0]


def test_gaussian_likelihood_is_wired(images):
  method, state = make(likelihood="gaussian")
  _, metrics = step(method, state, images, jnp.zeros(BATCH, int), jnp.ones(3))
  constant = 16 * 16 * 0.5 * np.log(2 * np.pi)
  assert constant < metrics.reconstruction < constant + 0.5 * 16 * 16


def test_unknown_method_is_named():
  config = config_lib.default()
  config.method = "vae"
  with pytest.raises(ValueError, match="config.method is 'vae'"):
    methods.build(config, SHAPE)


def test_joint_codes_come_in_the_order_of_product(images):
  """Two variables: costs, the gradient's code and what is represented."""
  method, state = make(num_categories=(2, 3))
  joint = list(itertools.product(range(2), range(3)))
  rows = jnp.array([[*np.eye(2)[a], *np.eye(3)[b]] for a, b in joint])
  latents = sample(posterior_of(state.params, images), noise_of(state))
  costs = unary_costs(method, state, images)
  means = posterior_of(state.params, images).mean
  at_means = []
  for index, row in enumerate(rows):
    codes = jnp.tile(row, (BATCH, 1))
    expected = losses.bernoulli_nll(
      images, logits_of(state.params, latents, codes)
    )
    np.testing.assert_allclose(costs[:, index], expected, rtol=1e-5)
    logits = logits_of(state.params, means, codes)
    at_means.append(losses.bernoulli_nll(images, logits))
  at_means = np.stack(at_means, axis=1)
  codes = method.represent(state.params, images, True)
  likeliest = np.array([joint[k] for k in at_means.argmin(axis=1)])
  np.testing.assert_array_equal(codes.categories, likeliest)
  decoded = method.decode(state.params, means, jnp.array([5, -1, 0, 3]))
  codes = jnp.stack([rows[5], jnp.zeros(5), rows[0], rows[3]])
  expected = jax.nn.sigmoid(logits_of(state.params, means, codes))
  np.testing.assert_allclose(decoded, expected, rtol=1e-5)
