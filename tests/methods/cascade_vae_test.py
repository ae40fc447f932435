import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax import losses, methods
from cascade_jax.networks import models
from cascade_jax.types import Batch
from tests.helpers.twins import assert_gradients_close, gradient_from

BATCH = 4


def tiny_config(**changes):
  config = config_lib.default()
  config.data.image_size = 16
  config.num_continuous = 3
  config.phase_steps = 2
  config.discrete_start_phase = 2
  config.update(changes)
  return config


def make(**changes):
  config = tiny_config(**changes)
  method = methods.build(config, (16, 16, 1))
  return method, method.init(config.seed)


def noise_of(state):
  """The noise of a step, as the docs promise it."""
  key = jax.random.fold_in(jax.random.key(state.seed), state.step)
  return jax.random.normal(key, (BATCH, 3))


def encode(state, images):
  return models.posterior(
    models.Encoder(6).apply(state.params["encoder"], images)
  )


def logits_of(state, latents, codes):
  decoder = models.Decoder((16, 16, 1))
  return decoder.apply(state.params["decoder"], latents, codes)


def step(method, state, images, categories, kl_weights):
  """A whole step at given categories; -1 for all: without the code."""
  batch = Batch(images)
  scores = method.score(state, batch, bool((categories >= 0).all()))
  return method.update(state, batch, kl_weights, scores, categories)


def test_unary_costs_are_one_decoder_pass_a_category(images):
  method, state = make()
  latents = models.sample(encode(state, images), noise_of(state))
  costs = method.score(state, Batch(images), True).costs
  chex.assert_shape(costs, (BATCH, 3))
  for category in range(3):
    codes = jnp.tile(jnp.eye(3)[category], (BATCH, 1))
    expected = losses.bernoulli_nll(images, logits_of(state, latents, codes))
    np.testing.assert_allclose(costs[:, category], expected, rtol=1e-5)


def test_scoring_and_update_see_the_same_noise(images):
  """The update's reconstruction is the mean of the unaries at its codes."""
  method, state = make()
  scores = method.score(state, Batch(images), True)
  categories = jnp.array([0, 2, 1, 2])
  _, report = method.update(
    state, Batch(images), jnp.ones(3), scores, categories
  )
  chosen = scores.costs[jnp.arange(BATCH), categories]
  np.testing.assert_allclose(report.reconstruction, chosen.mean(), rtol=1e-5)


def test_noise_changes_with_step_and_seed(images):
  method, state = make()
  scores = [
    method.score(each, Batch(images), True).costs
    for each in (
      state,
      state._replace(step=state.step + 1),
      state._replace(seed=state.seed + 1),
    )
  ]
  assert (scores[0] != scores[1]).all() and (scores[0] != scores[2]).all()


@pytest.mark.parametrize("categories", [[0, 2, 1, 2], [-1] * BATCH])
@pytest.mark.parametrize("likelihood", losses.LIKELIHOODS)
def test_gradient_equals_that_of_the_whole_objective(
  images, categories, likelihood
):
  """What scoring remembered gives the gradient of computing it all again."""
  method, state = make(likelihood=likelihood, weight_penalty=0.01)
  categories, weights = jnp.array(categories), jnp.array([1.0, 10.0, 3.0])
  codes = jax.nn.one_hot(categories, 3)

  def objective(params):
    outputs = models.Encoder(6).apply(params["encoder"], images)
    posterior = models.posterior(outputs)
    latents = models.sample(posterior, noise_of(state))
    decoder = models.Decoder((16, 16, 1))
    logits = decoder.apply(params["decoder"], latents, codes)
    nll = losses.reconstruction_nll(likelihood, images, logits).mean()
    kl = (weights * losses.kl_per_dimension(posterior).mean(axis=0)).sum()
    return nll + kl + losses.weight_penalty(params, 0.01)

  loss, gradients = jax.value_and_grad(objective)(state.params)
  after, report = step(method, state, images, categories, weights)
  np.testing.assert_allclose(report.loss, loss, rtol=1e-6)
  assert_gradients_close(gradient_from(after.optimizer.adam), gradients)


def test_no_code_is_the_zero_vector(images):
  method, state = make()
  none = jnp.full(BATCH, -1)
  _, report = step(method, state, images, none, jnp.ones(3))
  latents = models.sample(encode(state, images), noise_of(state))
  logits = logits_of(state, latents, jnp.zeros((BATCH, 3)))
  np.testing.assert_allclose(
    report.reconstruction, losses.bernoulli_nll(images, logits).mean(), 1e-5
  )


def test_loss_is_the_sum_of_its_terms(images):
  method, state = make(weight_penalty=0.01)
  weights = jnp.array([1.0, 10.0, 3.0])
  _, report = step(method, state, images, jnp.zeros(BATCH, int), weights)
  kl = losses.kl_per_dimension(encode(state, images)).mean(axis=0)
  np.testing.assert_allclose(report.kl, kl, rtol=1e-5)
  expected = (
    report.reconstruction
    + (weights * kl).sum()
    + losses.weight_penalty(state.params, 0.01)
  )
  np.testing.assert_allclose(report.loss, expected, rtol=1e-6)


def moments(state):
  return state.optimizer.adam[0]


def test_adam_sees_the_gradient_of_the_weight_penalty(images):
  """With everything else the same, the first moment differs by 0.1 * c * w."""
  categories = jnp.zeros(BATCH, int)
  after = []
  for strength in (0.0, 0.5):
    method, state = make(weight_penalty=strength)
    after.append(step(method, state, images, categories, jnp.ones(3))[0])
  name = ("encoder", "params", "hidden", "kernel")
  first, second = (moments(each).mu for each in after)
  kernel = state.params
  for key in name:
    first, second, kernel = first[key], second[key], kernel[key]
  np.testing.assert_allclose(second - first, 0.1 * 0.5 * kernel, atol=1e-5)


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
  posterior = encode(state, images)
  chex.assert_trees_all_close(codes.mean, posterior.mean)
  costs = []
  for category in range(3):
    one_hot = jnp.tile(jnp.eye(3)[category], (BATCH, 1))
    logits = logits_of(state, posterior.mean, one_hot)
    costs.append(losses.bernoulli_nll(images, logits))
  costs = np.stack(costs, axis=1)
  np.testing.assert_array_equal(codes.categories[:, 0], costs.argmin(axis=1))
  np.testing.assert_allclose(codes.reconstruction, costs.min(axis=1), 1e-5)
  likelihoods = np.exp(costs.min(axis=1, keepdims=True) - costs)
  expected = likelihoods / likelihoods.sum(axis=1, keepdims=True)
  np.testing.assert_allclose(codes.probabilities, expected, rtol=1e-3)


def test_representation_without_the_code(images):
  method, state = make()
  codes = method.represent(state.params, images, False)
  chex.assert_shape(codes.categories, (BATCH, 0))
  chex.assert_shape(codes.probabilities, (BATCH, 0))
  logits = logits_of(state, codes.mean, jnp.zeros((BATCH, 3)))
  expected = losses.bernoulli_nll(images, logits)
  np.testing.assert_allclose(codes.reconstruction, expected, rtol=1e-5)


def test_decode_gives_probabilities(images):
  method, state = make()
  decoded = method.decode(state.params, jnp.zeros((2, 3)), jnp.array([1, -1]))
  chex.assert_shape(decoded, (2, 16, 16, 1))
  assert ((decoded > 0) & (decoded < 1)).all()


def test_learning_lowers_the_loss(images):
  method, state = make(learning_rate=3e-3)
  batch, weights = Batch(images), jnp.full(3, 0.1)
  categories = jnp.zeros(BATCH, int)
  score = jax.jit(method.score, static_argnames="discrete")
  update = jax.jit(method.update)
  reports = []
  for _ in range(40):
    scores = score(state, batch, discrete=True)
    state, report = update(state, batch, weights, scores, categories)
    reports.append(float(report.loss))
  assert reports[-1] < 0.7 * reports[0]


def test_gaussian_likelihood_is_wired(images):
  method, state = make(likelihood="gaussian")
  _, report = step(method, state, images, jnp.zeros(BATCH, int), jnp.ones(3))
  constant = 16 * 16 * 0.5 * np.log(2 * np.pi)
  assert constant < report.reconstruction < constant + 0.5 * 16 * 16


def test_unknown_method_is_named():
  with pytest.raises(ValueError, match="config.method is 'vae'"):
    methods.build(tiny_config(method="vae"), (16, 16, 1))


def test_joint_codes_come_in_the_order_of_product(images):
  """Two variables: costs, the gradient's code and what is represented."""
  method, state = make(num_categories=(2, 3))
  joint = list(itertools.product(range(2), range(3)))
  rows = jnp.array([[*np.eye(2)[a], *np.eye(3)[b]] for a, b in joint])
  latents = models.sample(encode(state, images), noise_of(state))
  scores = jax.jit(lambda: method.score(state, Batch(images), True))()
  means = encode(state, images).mean
  at_means = []
  for index, row in enumerate(rows):
    codes = jnp.tile(row, (BATCH, 1))
    expected = losses.bernoulli_nll(images, logits_of(state, latents, codes))
    np.testing.assert_allclose(scores.costs[:, index], expected, rtol=1e-5)
    logits = logits_of(state, means, codes)
    at_means.append(losses.bernoulli_nll(images, logits))
  at_means = np.stack(at_means, axis=1)
  codes = method.represent(state.params, images, True)
  likeliest = np.array([joint[k] for k in at_means.argmin(axis=1)])
  np.testing.assert_array_equal(codes.categories, likeliest)
  likelihoods = np.exp(at_means.min(axis=1, keepdims=True) - at_means)
  likelihoods /= likelihoods.sum(axis=1, keepdims=True)
  np.testing.assert_allclose(codes.probabilities, likelihoods @ rows, rtol=1e-3)
  decoded = method.decode(state.params, means, jnp.array([5, -1, 0, 3]))
  codes = jnp.stack([rows[5], jnp.zeros(5), rows[0], rows[3]])
  expected = jax.nn.sigmoid(logits_of(state, means, codes))
  np.testing.assert_allclose(decoded, expected, rtol=1e-5)
