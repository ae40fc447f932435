import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from cascade_jax import config as config_lib
from cascade_jax import losses, methods
from cascade_jax.errors import UserError
from cascade_jax.methods.joint_vae import loss as joint_vae_loss
from cascade_jax.networks import models
from cascade_jax.networks.posterior import gaussian
from cascade_jax.types import Batch, LossInputs, StepInputs
from tests.helpers import linear_networks
from tests.helpers.jitted import jitted

BATCH, M = 4, 3
SHAPE = (16, 16, 1)
SIZES = pytest.mark.parametrize("sizes", [(3,), (3, 2)], ids=str)


@functools.cache  # of what is compiled
def build(sizes):
  method = methods.joint_vae(
    SHAPE,
    num_continuous=M,
    num_categories=sizes,
    gamma=1.0,
    temperature=0.3,
    learning_rate=3e-3,
    weight_penalty=0.01,
  )
  return jitted(method)


def make(sizes=(3,)):
  method = build(sizes)
  return method, method.init(0)


def step(method, state, images):
  batch = Batch(images)
  forward_pass = method.forward(state, batch, True)
  inputs = StepInputs(forward_pass=forward_pass)
  return method.update(state, batch, inputs)


@functools.partial(jax.jit, static_argnums=2)
def encode(params, images, sizes):
  """The Gaussian posterior, and the logits of each variable."""
  encoder = models.Encoder(2 * M + sum(sizes))
  outputs = encoder.apply(params["encoder"], images)
  logits = outputs[:, 2 * M :]
  each = [logits[:, : sizes[0]], logits[:, sizes[0] :]][: len(sizes)]
  return gaussian(outputs[:, : 2 * M]), each


def noise_of(state, sizes):
  """The noise of a step, as the docs promise it."""
  key = jax.random.fold_in(jax.random.key(state.seed), state.step)
  normal_key, gumbel_key = jax.random.split(key)
  gumbel = jax.random.gumbel(gumbel_key, (BATCH, sum(sizes)))
  return jax.random.normal(normal_key, (BATCH, M)), gumbel


@jax.jit
def nll_of(params, images, latents, codes):
  logits = models.Decoder(SHAPE).apply(params["decoder"], latents, codes)
  return losses.bernoulli_nll(images, logits)


def sample(state, params, images, sizes, temperature):
  """The step's latents and soft codes, and their posteriors."""
  posterior, each = encode(params, images, sizes)
  normal, gumbel = noise_of(state, sizes)
  gumbel = [gumbel[:, : sizes[0]], gumbel[:, sizes[0] :]]
  codes = [
    jax.nn.softmax((logits + noise) / temperature, axis=1)
    for logits, noise in zip(each, gumbel)
  ]
  latents = posterior.mean + posterior.scale * normal
  return latents, jnp.concatenate(codes, axis=1), posterior, each


def in_numpy(params, images, sizes, normal, gumbel, temperature):
  """The terms of the objective: nll, KL [B, m], discrete KL [B]."""
  mean, scale = linear_networks.posterior_in_numpy(params, images, M)
  flat = np.asarray(images, float).reshape(len(images), -1)
  logits = (flat @ np.asarray(params["encoder"]["kernel"], float))[:, 2 * M :]
  ends = np.cumsum(sizes)[:-1]
  codes, kl_discrete = [], 0.0
  for own, noise in zip(np.split(logits, ends, 1), np.split(gumbel, ends, 1)):
    codes.append(special.softmax((own + noise) / temperature, axis=1))
    entropy = stats.entropy(special.softmax(own, axis=1), axis=1)
    kl_discrete += np.log(own.shape[1]) - entropy
  nll = linear_networks.nll_in_numpy(
    params, images, mean + scale * normal, np.concatenate(codes, axis=1)
  )
  return nll, linear_networks.kl_in_numpy(mean, scale), kl_discrete


def evaluate(sizes, step=0, between=False, **settings):
  """The loss, its parts, and what they should be, in NumPy."""
  length = sum(sizes)
  params, images = linear_networks.problem(2 * M + length, M + length)
  rng = np.random.default_rng(1)
  normal, gumbel = (
    rng.standard_normal((BATCH, M)),
    rng.gumbel(size=(BATCH, length)),
  )
  settings = {
    "gamma": 3.0,
    "capacity_continuous": 40.0,
    "capacity_discrete": 1.1,
    "capacity_steps": 300_000,
    "temperature": 0.67,
    "weight_penalty": 0.01,
  } | settings
  nll, kl, kl_discrete = in_numpy(
    params, images, sizes, normal, gumbel, settings["temperature"]
  )
  if between:  # capacities between the KLs of the batch's images
    settings["capacity_continuous"] = np.median(kl.sum(axis=1))
    settings["capacity_discrete"] = np.median(kl_discrete)
  inputs = LossInputs(
    jnp.zeros((BATCH, length)),
    (jnp.float32(normal), jnp.float32(gumbel)),
    None,
    jnp.int32(step),
  )
  total, parts = joint_vae_loss(
    linear_networks.LinearNetworks(),
    params,
    Batch(images),
    inputs,
    num_categories=sizes,
    **settings,
  )
  fraction = min(step / settings["capacity_steps"], 1)
  target = fraction * settings["capacity_continuous"]
  target_discrete = min(
    fraction * settings["capacity_discrete"], np.log(sizes).sum()
  )
  distance = abs(kl.sum(axis=1).mean() - target)
  distance += abs(kl_discrete.mean() - target_discrete)
  penalty = linear_networks.penalty_in_numpy(params, 0.01)
  expected = {
    "loss": nll + settings["gamma"] * distance + penalty,
    "reconstruction": nll,
    "kl": kl.mean(axis=0),
    "weight_penalty": penalty,
    "kl_discrete": kl_discrete.mean(),
    "capacity_continuous": target,
    "capacity_discrete": target_discrete,
  }
  actual = {"loss": total, "reconstruction": parts.reconstruction}
  return actual | {"kl": parts.kl} | parts.terms, expected


@SIZES
@pytest.mark.parametrize(
  "settings",
  [
    {"capacity_steps": 10, "capacity_continuous": 4.0, "step": 0},
    {"capacity_steps": 10, "capacity_continuous": 4.0, "step": 100},
    {"temperature": 0.3, "step": 7},
    {"capacity_steps": 1, "between": True, "step": 1},
  ],
  ids=["above the capacities", "below", "colder", "averaged first"],
)
def test_loss_is_the_objective_of_the_paper(sizes, settings):
  actual, expected = evaluate(sizes, **settings)
  chex.assert_trees_all_close(actual, expected, rtol=1e-4)


@SIZES
def test_forward_pass_and_update_see_the_same_sample(images, sizes):
  """The one that the step's noise gives, at the temperature of the method."""
  method, state = make(sizes)
  latents, codes, _, _ = sample(state, state.params, images, sizes, 0.3)
  expected = nll_of(state.params, images, latents, codes)
  _, metrics = step(method, state, images)
  np.testing.assert_allclose(metrics.reconstruction, expected.mean(), rtol=1e-5)


def test_sample_changes_with_step_and_seed(images):
  method, state = make()
  first, *others = (
    step(method, each, images)[1].reconstruction
    for each in (
      state,
      state._replace(step=state.step + 1),
      state._replace(seed=state.seed + 1),
    )
  )
  assert all(first != other for other in others)


@pytest.mark.parametrize(
  ("at_step", "continuous", "discrete"),
  [
    (0, 0, 0),
    (150_000, 20, 0.55),
    (299_000, 39.8666667, 1.0963333),
    (300_000, 40, np.log(3)),
    (900_000, 40, np.log(3)),
  ],
)
def test_capacities_of_the_paper(at_step, continuous, discrete):
  """They rise to 40 and 1.1 nats, but log 3 is the most there is."""
  actual, _ = evaluate((3,), step=at_step)
  capacities = actual["capacity_continuous"], actual["capacity_discrete"]
  np.testing.assert_allclose(capacities, [continuous, discrete], rtol=1e-6)


def test_the_cap_is_that_of_all_variables():
  actual, _ = evaluate((3, 2), step=300_000, capacity_discrete=9.0)
  np.testing.assert_allclose(
    actual["capacity_discrete"], np.log(3) + np.log(2), rtol=1e-6
  )


def test_stage_is_one_with_the_code():
  method, _ = make()
  for at_step in (0, 1, 10**6):
    stage = method.schedule(at_step)
    assert (stage.phase, stage.discrete) == (0, True)
    assert stage.kl_weights is None and stage.open_dimensions is None


@SIZES
def test_representation_is_of_the_likeliest_categories(images, sizes):
  method, state = make(sizes)
  representation = method.represent(state.params, images, True)
  posterior, each = encode(state.params, images, sizes)
  chex.assert_trees_all_close(
    (representation.mean, representation.scale), tuple(posterior), atol=1e-5
  )
  each = [np.asarray(logits) for logits in each]
  likeliest = np.stack([logits.argmax(axis=1) for logits in each], axis=1)
  np.testing.assert_array_equal(representation.categories, likeliest)
  assert representation.categories.dtype == jnp.int32
  codes = [np.eye(size)[own] for size, own in zip(sizes, likeliest.T)]
  codes = np.concatenate(codes, axis=1)
  expected = nll_of(state.params, images, posterior.mean, codes)
  np.testing.assert_allclose(representation.reconstruction, expected, rtol=1e-5)
  # The joint codes that `decode` takes mean the same.
  joint = np.ravel_multi_index(tuple(likeliest.T), sizes)
  decoded = np.asarray(method.decode(state.params, representation.mean, joint))
  nll = -stats.bernoulli.logpmf(np.asarray(images, int), decoded)
  np.testing.assert_allclose(nll.sum((1, 2, 3)), expected, rtol=1e-4)


def test_learning_lowers_the_loss(images):
  method, state = make((3, 2))
  losses_of_steps = []
  for _ in range(40):
    state, metrics = step(method, state, images)
    losses_of_steps.append(float(metrics.loss))
  assert losses_of_steps[-1] < 0.7 * losses_of_steps[0]


@pytest.mark.parametrize(
  ("key", "value"),
  [
    ("gamma", -1.0),
    ("gamma", float("nan")),
    ("capacity_continuous", -0.1),
    ("capacity_discrete", float("inf")),
    ("capacity_steps", 0),
    ("temperature", 0.0),
  ],
)
def test_bad_options_are_named(key, value):
  config = config_lib.default()
  config.method = "joint_vae"
  config.joint_vae.update({key: value})
  with pytest.raises(UserError, match=f"config.joint_vae.{key} is {value}"):
    methods.build(config, SHAPE)
