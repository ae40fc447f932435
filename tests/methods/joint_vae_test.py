import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from cascade_jax import config as config_lib
from cascade_jax import losses, methods
from cascade_jax.networks import models
from cascade_jax.types import Batch
from tests.helpers.twins import assert_gradients_close, gradient_from

BATCH, M = 4, 3
SIZES = pytest.mark.parametrize("sizes", [(3,), (3, 2)], ids=str)


def tiny_config(sizes=(3,), **options):
  config = config_lib.default()
  config.method = "joint_vae"
  config.data.image_size = 16
  config.num_continuous = M
  config.num_categories = sizes
  config.weight_penalty = 0.01
  config.joint_vae.update(options)
  return config


def make(sizes=(3,), **options):
  config = tiny_config(sizes, **options)
  method = methods.build(config, (16, 16, 1))
  return method, method.init(config.seed)


def step(method, state, images):
  batch = Batch(images)
  scores = method.score(state, batch, True)
  return method.update(state, batch, method.stage(0).kl_weights, scores)


def encode(params, images, sizes):
  """The Gaussian posterior, and the logits of each variable."""
  encoder = models.Encoder(2 * M + sum(sizes))
  outputs = encoder.apply(params["encoder"], images)
  logits = outputs[:, 2 * M :]
  each = [logits[:, : sizes[0]], logits[:, sizes[0] :]][: len(sizes)]
  return models.posterior(outputs[:, : 2 * M]), each


def noise_of(state, sizes):
  """The noise of a step, as the docs promise it."""
  key = jax.random.fold_in(jax.random.key(state.seed), state.step)
  normal_key, gumbel_key = jax.random.split(key)
  gumbel = jax.random.gumbel(gumbel_key, (BATCH, sum(sizes)))
  return jax.random.normal(normal_key, (BATCH, M)), gumbel


def nll_of(params, images, latents, codes):
  logits = models.Decoder((16, 16, 1)).apply(params["decoder"], latents, codes)
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


@SIZES
def test_gradient_equals_that_of_the_whole_objective(images, sizes):
  """What scoring remembered gives the gradient of computing it all again."""
  method, state = make(
    sizes, gamma=2.0, capacity_steps=10, capacity_continuous=4.0
  )

  def objective(params, state):
    latents, codes, posterior, each = sample(state, params, images, sizes, 0.67)
    nll = nll_of(params, images, latents, codes).mean()
    kl = losses.kl_per_dimension(posterior).sum(axis=1).mean()
    kl_discrete = 0.0
    for logits in each:
      q = jax.nn.softmax(logits)
      ratio = jnp.log(q) + np.log(logits.shape[1])
      kl_discrete += (q * ratio).sum(axis=1).mean()
    fraction = jnp.minimum(state.step / 10, 1)
    distance = abs(kl - 4 * fraction)
    highest = jnp.minimum(1.1 * fraction, np.log(sizes).sum())
    distance += abs(kl_discrete - highest)
    return nll + 2 * distance + losses.weight_penalty(params, 0.01)

  plain = jax.value_and_grad(objective)
  for at_step in (0, 100):  # both KLs above and both below the capacities
    state = state._replace(step=jnp.int32(at_step))
    loss, gradients = plain(state.params, state)
    after, report = step(method, state, images)
    np.testing.assert_allclose(report.loss, loss, rtol=1e-6)
    assert_gradients_close(gradient_from(after.optimizer), gradients)


@SIZES
def test_scoring_and_update_see_the_same_sample(images, sizes):
  """The one that the step's noise gives, at the temperature of the config."""
  method, state = make(sizes, temperature=0.3)
  latents, codes, _, _ = sample(state, state.params, images, sizes, 0.3)
  expected = nll_of(state.params, images, latents, codes)
  costs = method.score(state, Batch(images), True).costs
  np.testing.assert_allclose(costs[:, 0], expected, rtol=1e-5)
  _, report = step(method, state, images)
  np.testing.assert_allclose(report.reconstruction, expected.mean(), rtol=1e-5)


def test_sample_changes_with_step_and_seed(images):
  method, state = make()
  costs = [
    method.score(each, Batch(images), True).costs
    for each in (
      state,
      state._replace(step=state.step + 1),
      state._replace(seed=state.seed + 1),
    )
  ]
  assert (costs[0] != costs[1]).all() and (costs[0] != costs[2]).all()


@SIZES
def test_loss_is_of_kls_that_are_averaged_before_they_are_compared(
  images, sizes
):
  """The capacities lie between the KLs of the batch's images."""
  _, state = make(sizes)
  head = state.params["encoder"]["params"]["head"]
  head["kernel"] = 5 * head["kernel"]  # or the discrete KLs would be tiny
  posterior, each = encode(state.params, images, sizes)
  kl = np.asarray(losses.kl_per_dimension(posterior))
  kl_discrete = sum(
    np.log(size) - stats.entropy(special.softmax(np.asarray(logits), 1), axis=1)
    for size, logits in zip(sizes, each)
  )
  at_end = np.median(kl.sum(axis=1)), np.median(kl_discrete)
  method, _ = make(
    sizes,
    gamma=3.0,
    capacity_continuous=float(at_end[0]),
    capacity_discrete=float(at_end[1]),
    capacity_steps=1,
  )
  _, report = step(method, state._replace(step=jnp.int32(1)), images)
  np.testing.assert_allclose(report.kl, kl.mean(axis=0), rtol=1e-5)
  penalty = losses.weight_penalty(state.params, 0.01)
  expected = {
    "weight_penalty": penalty,
    "kl_discrete": kl_discrete.mean(),
    "capacity_continuous": at_end[0],
    "capacity_discrete": at_end[1],
  }
  chex.assert_trees_all_close(report.terms, expected, rtol=1e-5)
  distance = abs(kl.sum(axis=1).mean() - at_end[0])
  distance += abs(kl_discrete.mean() - at_end[1])
  loss = report.reconstruction + 3 * distance + penalty
  np.testing.assert_allclose(report.loss, loss, rtol=1e-6)


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
def test_capacities_of_the_paper(images, at_step, continuous, discrete):
  """They rise to 40 and 1.1 nats, but log 3 is the most there is."""
  method, state = make()
  state = state._replace(step=jnp.int32(at_step))
  after, report = step(method, state, images)
  assert after.step == at_step + 1
  got = [report.terms[f"capacity_{key}"] for key in ("continuous", "discrete")]
  np.testing.assert_allclose(got, [continuous, discrete], rtol=1e-6)


def test_the_cap_is_that_of_all_variables(images):
  method, state = make((3, 2), capacity_discrete=9.0)
  state = state._replace(step=jnp.int32(300_000))
  _, report = step(method, state, images)
  np.testing.assert_allclose(
    report.terms["capacity_discrete"], np.log(3) + np.log(2), rtol=1e-6
  )


def test_stage_is_one_with_the_code():
  method, _ = make()
  for at_step in (0, 1, 10**6):
    stage = method.stage(at_step)
    assert (stage.phase, stage.open_dimensions, stage.discrete) == (0, M, True)
    np.testing.assert_array_equal(stage.kl_weights, np.ones(M))  # not read


@SIZES
def test_representation_is_of_the_likeliest_categories(images, sizes):
  method, state = make(sizes)
  found = method.represent(state.params, images, True)
  posterior, each = encode(state.params, images, sizes)
  chex.assert_trees_all_close((found.mean, found.scale), tuple(posterior))
  each = [np.asarray(logits) for logits in each]
  likeliest = np.stack([logits.argmax(axis=1) for logits in each], axis=1)
  np.testing.assert_array_equal(found.categories, likeliest)
  assert found.categories.dtype == jnp.int32
  probabilities = [special.softmax(logits, axis=1) for logits in each]
  np.testing.assert_allclose(
    found.probabilities, np.concatenate(probabilities, axis=1), rtol=1e-5
  )
  codes = [np.eye(size)[own] for size, own in zip(sizes, likeliest.T)]
  codes = np.concatenate(codes, axis=1)
  expected = nll_of(state.params, images, posterior.mean, codes)
  np.testing.assert_allclose(found.reconstruction, expected, rtol=1e-5)
  # The joint codes that `decode` takes mean the same.
  joint = np.ravel_multi_index(tuple(likeliest.T), sizes)
  decoded = np.asarray(method.decode(state.params, found.mean, joint))
  nll = -stats.bernoulli.logpmf(np.asarray(images, int), decoded)
  np.testing.assert_allclose(nll.sum((1, 2, 3)), expected, rtol=1e-4)


def test_learning_lowers_the_loss(images):
  config = tiny_config((3, 2), gamma=1.0)
  config.learning_rate = 3e-3
  method = methods.build(config, (16, 16, 1))
  one_step = jax.jit(lambda state: step(method, state, images))
  state = method.init(0)
  reports = []
  for _ in range(40):
    state, report = one_step(state)
    reports.append(float(report.loss))
  assert reports[-1] < 0.7 * reports[0]


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
  with pytest.raises(ValueError, match=f"config.joint_vae.{key} is {value}"):
    make(**{key: value})
