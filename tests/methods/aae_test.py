import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax import data, losses, methods
from cascade_jax.errors import UserError
from cascade_jax.methods.aae import loss as aae_loss
from cascade_jax.networks import models
from cascade_jax.networks.discriminators import Discriminator
from cascade_jax.types import Batch, LossInputs, StepInputs
from tests.helpers import linear_networks
from tests.helpers.jitted import jitted
from tests.helpers.twins import assert_gradients_close

BATCH, M = 4, 3
SHAPE = (16, 16, 1)
CLASSES = jnp.array([2, 0, 1, 2])


@functools.cache  # of what is compiled
def build(name, encoder_learning_rate):
  method = methods.METHODS[name].build(
    SHAPE,
    num_continuous=M,
    learning_rate=1e-3,
    weight_penalty=0.01,
    discriminator_units=16,
    discriminator_learning_rate=1e-2,
    encoder_learning_rate=encoder_learning_rate,
  )
  return jitted(method)


def make(name="aae", encoder_learning_rate=3e-3):
  method = build(name, encoder_learning_rate)
  return method, method.init(0)


def prior_of(state):
  """The samples of the prior in a step, as the docs promise them."""
  key = jax.random.fold_in(jax.random.key(state.seed), state.step)
  return jax.random.normal(key, (BATCH, M))


@jax.jit
def encode(params, images):
  return models.Encoder(M).apply(params["encoder"], images)


@jax.jit
def decode(params, latents, codes):
  return models.Decoder(SHAPE).apply(params["decoder"], latents, codes)


@jax.jit
def discriminate(discriminator, latents):
  return Discriminator(layers=2, units=16).apply(discriminator, latents)


def step(method, state, images, classes=None):
  batch = Batch(images, classes)
  forward_pass = method.forward(state, batch, method.is_supervised)
  return method.update(state, batch, StepInputs(forward_pass=forward_pass))


@pytest.mark.parametrize("num_classes", [0, 3])
def test_loss_of_the_first_phase(num_classes):
  params, images = linear_networks.problem(M, M + num_classes)
  codes = np.eye(3)[np.asarray(CLASSES)][:, :num_classes]
  total, parts = aae_loss(
    linear_networks.LinearNetworks(),
    params,
    Batch(images),
    LossInputs(jnp.float32(codes), None, None, 0),
    weight_penalty=0.01,
  )
  flat = np.asarray(images, float).reshape(BATCH, -1)
  latents = flat @ np.asarray(params["encoder"]["kernel"], float)
  nll = linear_networks.nll_in_numpy(params, images, latents, codes)
  penalty = linear_networks.penalty_in_numpy(params, 0.01)
  np.testing.assert_allclose(total, nll + penalty, rtol=1e-5)
  np.testing.assert_allclose(parts.reconstruction, nll, rtol=1e-5)
  assert parts.kl is None


def test_discriminator_learns_after_the_first_phase(images):
  """It sees z as the first phase left it, and calls the prior the first."""
  method, state = make(encoder_learning_rate=0.0)
  after, metrics = step(method, state, images)
  # The encoder stays where the first phase put it.
  latents = encode(after.params, images)
  assert (latents != encode(state.params, images)).all()
  discriminator = state.params["discriminator"]
  prior, encoded = (
    np.asarray(discriminate(discriminator, x), float)
    for x in (prior_of(state), latents)
  )
  cross_entropy = np.log1p(np.exp(-prior)) + np.log1p(np.exp(encoded))
  np.testing.assert_allclose(
    metrics.terms["discriminator_loss"], 0.5 * cross_entropy.mean(), rtol=1e-5
  )
  right = 0.5 * ((prior > 0).mean() + (encoded < 0).mean())
  np.testing.assert_allclose(metrics.terms["discriminator_accuracy"], right)


def test_encoder_learns_to_fool_the_discriminator_as_it_is_then(images):
  method, state = make(encoder_learning_rate=0.0)
  after, metrics = step(method, state, images)

  def fooling(encoder):
    latents = encode({"encoder": encoder}, images)
    logits = discriminate(after.params["discriminator"], latents)
    return jnp.log1p(jnp.exp(-logits)).mean()

  loss, gradients = jax.jit(jax.value_and_grad(fooling))(
    after.params["encoder"]
  )
  np.testing.assert_allclose(metrics.terms["fooling_loss"], loss, rtol=1e-5)
  got = jax.tree.map(lambda m: 2 * m, after.optimizer.encoder[0].mu)
  assert_gradients_close(got, gradients, atol=2e-5)


def test_second_phase_moves_the_encoder_by_its_own_rate(images):
  """And the decoder not at all."""
  still, moved = (
    step(*made, images)[0].params
    for made in (make(encoder_learning_rate=0.0), make())
  )
  chex.assert_trees_all_equal(still["decoder"], moved["decoder"])
  chex.assert_trees_all_equal(still["discriminator"], moved["discriminator"])
  bias = ("encoder", "params", "head", "bias")
  still, moved = (
    functools.reduce(lambda tree, key: tree[key], bias, params)
    for params in (still, moved)
  )
  np.testing.assert_allclose(jnp.abs(moved - still), 3e-3, rtol=1e-3)


def test_prior_changes_with_the_step(images):
  method, state = make()
  _, metrics = step(method, state, images)
  _, later = step(method, state._replace(step=state.step + 1), images)
  assert (
    metrics.terms["discriminator_loss"] != later.terms["discriminator_loss"]
  )


def test_decoder_is_given_the_true_class(images):
  method, state = make("aae_s")
  _, metrics = step(method, state, images, CLASSES)
  latents = encode(state.params, images)
  logits = decode(state.params, latents, jnp.eye(3)[CLASSES])
  expected = losses.bernoulli_nll(images, logits).mean()
  np.testing.assert_allclose(metrics.reconstruction, expected, rtol=1e-5)
  _, other = step(method, state, images, (CLASSES + 1) % 3)
  assert abs(other.reconstruction - metrics.reconstruction) > 1e-3


def test_no_label_is_used_at_test_time(images):
  """The category is the one that reconstructs best."""
  method, state = make("aae_s")
  codes = method.represent(state.params, images, True)
  mean = encode(state.params, images)
  np.testing.assert_allclose(codes.mean, mean, rtol=1e-5)
  costs = np.stack(
    [
      losses.bernoulli_nll(
        images, decode(state.params, mean, jnp.tile(code, (BATCH, 1)))
      )
      for code in jnp.eye(3)
    ]
  )
  np.testing.assert_array_equal(codes.categories[:, 0], costs.argmin(axis=0))
  np.testing.assert_allclose(codes.reconstruction, costs.min(axis=0), 1e-5)


def test_deterministic_encoder_has_no_scale(images):
  method, state = make()
  codes = method.represent(state.params, images, False)
  np.testing.assert_array_equal(codes.scale, np.zeros((BATCH, M)))
  chex.assert_shape(codes.categories, (BATCH, 0))


def test_stage_says_what_is_supervised():
  for name, is_supervised in (("aae", False), ("aae_s", True)):
    method, _ = make(name)
    stage = method.schedule(0)
    assert method.is_supervised == stage.discrete == is_supervised
    assert stage.kl_weights is None
    assert not method.solves_codes


@pytest.mark.parametrize("name", ["aae", "aae_s"])
def test_learning_lowers_the_loss_and_nears_the_prior(images, name):
  method, state = make(name)
  # Far off the prior: the discriminator has something to see.
  state.params["encoder"]["params"]["head"]["bias"] = jnp.full(M, 4.0)
  reports, classes = [], CLASSES if name == "aae_s" else None
  for _ in range(80):
    state, metrics = step(method, state, images, classes)
    reports.append(metrics)
  assert reports[-1].loss < 0.9 * reports[0].loss
  assert jnp.abs(encode(state.params, images).mean()) < 1.5


def test_without_the_second_phase_it_does_not_near_the_prior(images):
  method, state = make("aae", encoder_learning_rate=0.0)
  state.params["encoder"]["params"]["head"]["bias"] = jnp.full(M, 4.0)
  for _ in range(80):
    state, _ = step(method, state, images, None)
  assert jnp.abs(encode(state.params, images).mean()) > 2


def test_classes_beyond_the_categories_are_refused(tiny_dataset):
  with pytest.raises(UserError, match=r"num_categories is \(2,\).*up to 2"):
    data.true_classes(tiny_dataset, (2,))
  np.testing.assert_array_equal(
    data.true_classes(tiny_dataset, (3,)), np.arange(30) % 3
  )


def of_config(name, **options):
  config = config_lib.default()
  config.method = name
  config.update(options)
  return methods.build(config, SHAPE)


def test_several_variables_are_refused():
  with pytest.raises(UserError, match=r"num_categories is \(3, 4\)"):
    of_config("aae_s", num_categories=(3, 4))


@pytest.mark.parametrize("name", ["aae", "aae_s"])
def test_options_out_of_range_are_refused(name):
  for key in config_lib.default().aae:
    with pytest.raises(UserError, match=f"config.aae.{key} is -1"):
      of_config(name, aae={key: -1})


def test_discriminator_is_two_layers_of_a_thousand():
  config = config_lib.default()
  config.method = "aae"
  method = methods.build(config, (64, 64, 1))
  params = jax.eval_shape(method.init, 0).params["discriminator"]["params"]
  widths = [params[f"hidden_{k}"]["kernel"].shape[1] for k in range(2)]
  assert widths == [1000] * 2 and len(params) == 3
