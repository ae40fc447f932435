import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax.networks.discriminators import (
  Discriminator,
  Learner,
  accuracy,
  classification_loss,
  fooling_loss,
  permute_dimensions,
)
from tests.helpers.jitted import jit

FIRST = np.array([3.0, -1.0, 0.5, 2.0])
SECOND = np.array([-2.0, 0.5, -0.1])


def probability(logits):
  return 1 / (1 + np.exp(-logits))


def test_classification_loss_equals_its_numpy_twin():
  expected = -0.5 * (
    np.log(probability(FIRST)).mean() + np.log(1 - probability(SECOND)).mean()
  )
  got = classification_loss(jnp.asarray(FIRST), jnp.asarray(SECOND))
  np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_uninformative_logits_cost_log_2():
  loss = classification_loss(jnp.zeros(4), jnp.zeros(4))
  np.testing.assert_allclose(loss, np.log(2), rtol=1e-6)


def test_fooling_loss_equals_its_numpy_twin():
  expected = -np.log(probability(SECOND)).mean()
  got = fooling_loss(jnp.asarray(SECOND))
  np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_losses_are_finite_and_have_slopes_where_logits_are_extreme():
  """An encoder must learn even from a discriminator that is certain."""
  sure = jnp.array([-200.0])
  np.testing.assert_allclose(fooling_loss(sure), 200.0)
  np.testing.assert_allclose(jax.grad(fooling_loss)(sure), [-1.0])
  np.testing.assert_allclose(classification_loss(sure, -sure), 200.0)


def test_accuracy_weighs_both_classes_equally():
  got = accuracy(jnp.asarray(FIRST), jnp.asarray(SECOND))
  np.testing.assert_allclose(got, 0.5 * (3 / 4 + 2 / 3), rtol=1e-6)


def test_network_equals_its_numpy_twin():
  network = Discriminator(layers=2, units=5, slope=0.2)
  latents = np.random.default_rng(0).normal(size=(7, 3))
  logits, variables = network.init_with_output(
    jax.random.key(0), jnp.asarray(latents)
  )
  params = jax.device_get(variables["params"])
  assert sorted(params) == ["hidden_0", "hidden_1", "logit"]
  x = latents
  for name in ("hidden_0", "hidden_1"):
    x = x @ params[name]["kernel"] + params[name]["bias"]
    x = np.where(x > 0, x, 0.2 * x)
  x = x @ params["logit"]["kernel"] + params["logit"]["bias"]
  np.testing.assert_allclose(logits, x[:, 0], rtol=1e-5, atol=1e-6)


def test_without_a_slope_it_is_the_relu():
  network = Discriminator(layers=1, units=8)
  variables = network.init(jax.random.key(0), jnp.zeros((1, 1)))
  # One input, no biases: a unit is silent on one of the two sides.
  logits = network.apply(variables, jnp.array([[1.0], [-1.0]]))
  params = variables["params"]
  kernel, last = (params[name]["kernel"] for name in ("hidden_0", "logit"))
  sides = [jnp.maximum(side * kernel, 0) @ last for side in (1, -1)]
  np.testing.assert_allclose(logits, np.ravel(sides), rtol=1e-5)


def test_permutation_keeps_marginals_and_breaks_rows():
  latents = jnp.arange(300.0).reshape(100, 3)
  permuted = permute_dimensions(jax.random.key(0), latents)
  np.testing.assert_array_equal(np.sort(permuted, axis=0), latents)
  origins = np.asarray((permuted - jnp.arange(3)) / 3).T  # the row of each
  for one, other in itertools.combinations([*origins, np.arange(100)], 2):
    assert (one == other).mean() < 0.1
  again = permute_dimensions(jax.random.key(1), latents)
  assert (again != permuted).mean() > 0.9


def test_step_is_that_of_adam_with_betas_0_5_and_0_9():
  network = Discriminator(layers=1, units=4)
  learner = Learner(network, 1e-2)
  params, moments = jit(learner.init, static_argnums=1)(3, 2)
  first, second = jnp.ones((5, 2)), jnp.zeros((6, 2))

  def objective(params):
    return classification_loss(
      network.apply(params, first), network.apply(params, second)
    )

  loss, gradients = jit(jax.value_and_grad(objective))(params)
  after, moments, terms = jit(learner.step)(params, moments, first, second)
  np.testing.assert_allclose(terms["discriminator_loss"], loss, rtol=1e-6)
  halved = jax.tree.map(lambda g: 0.5 * g, gradients)
  chex.assert_trees_all_close(moments[0].mu, halved, rtol=1e-5)
  squared = jax.tree.map(lambda g: 0.1 * g**2, gradients)
  chex.assert_trees_all_close(moments[0].nu, squared, rtol=1e-5)
  assert objective(after) < loss


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_mean_logit_is_the_total_correlation_of_gaussians(rho):
  """The TC of two correlated normals is -log(1 - rho^2) / 2."""
  learner = Learner(Discriminator(layers=2, units=64, slope=0.2), 1e-3)
  root = jnp.linalg.cholesky(jnp.array([[1.0, rho], [rho, 1.0]]))

  def draw(key, count):
    return jax.random.normal(key, (count, 2)) @ root.T

  def step(carry, key):
    keys = jax.random.split(key, 3)
    permuted = permute_dimensions(keys[0], draw(keys[1], 512))
    params, moments, _ = learner.step(*carry, draw(keys[2], 512), permuted)
    return (params, moments), None

  keys = jax.random.split(jax.random.key(0), 1000)
  (params, _), _ = jax.jit(lambda *a: jax.lax.scan(step, *a))(
    jit(learner.init, static_argnums=1)(0, 2), keys
  )
  estimate = learner.logits(params, draw(jax.random.key(1), 20_000)).mean()
  expected = -0.5 * np.log(1 - rho**2)
  np.testing.assert_allclose(estimate, expected, atol=0.05)
