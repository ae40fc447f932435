"""One forward pass a step changes neither metrics nor gradients of any loss.

With `fast_networks=False` an update is `jax.value_and_grad` of the pure loss,
on networks made of Flax's own layers. With `fast_networks=True` it goes back
through the residuals of the forward pass.
"""

import functools
import inspect

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from cascade_jax import losses, methods
from cascade_jax.errors import UserError
from cascade_jax.methods import METHODS
from cascade_jax.methods.cascade_vae import loss as cascade_loss
from cascade_jax.networks import fast_path
from cascade_jax.networks.posterior import gaussian, sample
from cascade_jax.types import Batch, LossParts, StepInputs
from tests.helpers.jitted import jit, jitted
from tests.helpers.twins import assert_gradients_close

SHAPE = (16, 16, 1)
BATCH = 4
KL_WEIGHTS = jnp.array([1.0, 10.0, 3.0])
# Wherever a builder takes them. Adam's steps are tiny, because AAE's second
# phase starts where the first has led to, and Adam blows up rounding errors.
SETTINGS = {
  "num_continuous": 3,
  "weight_penalty": 0.01,
  "learning_rate": 1e-6,
  "capacity_steps": 100,
  "batch_size": BATCH,
  "discriminator_units": 8,
  "discriminator_layers": 2,
}
VARIANTS = {
  **{name: (name, {}) for name in METHODS},
  "beta_vae annealed": ("beta_vae", {"capacity": 2.0}),
  "cascade_vae joint": ("cascade_vae", {"num_categories": (2, 3)}),
  "joint_vae joint": ("joint_vae", {"num_categories": (2, 3)}),
}
SOLVED = [key for key in VARIANTS if VARIANTS[key][0] == "cascade_vae"]
CASES = [
  *[(key, True) for key in VARIANTS],  # with the code, where there is one
  *[(key, False) for key in SOLVED],
]


@functools.cache
def build(variant, likelihood, is_fast):
  name, settings = VARIANTS[variant]
  builder = METHODS[name].build
  taken = inspect.signature(builder).parameters
  settings = {key: SETTINGS[key] for key in SETTINGS if key in taken} | settings
  return compiled(
    builder(SHAPE, likelihood=likelihood, fast_networks=is_fast, **settings)
  )


def compiled(method):
  """Returns the method with a compiled forward pass and `update`.

  `update` gives only what is compared: metrics, and the first moments of every
  Adam, which after one step are the gradients up to a factor. Nothing else of
  it is compiled then.
  """

  def update(state, batch, inputs):
    after, metrics = method.update(state, batch, inputs)
    return metrics, first_moments(after.optimizer)

  return jitted(method._replace(update=update))


def first_moments(optimizer):
  def is_adam(node):
    return isinstance(node, optax.ScaleByAdamState)

  nodes = jax.tree.leaves(optimizer, is_leaf=is_adam)
  moments = [node.mu for node in nodes if is_adam(node)]
  assert moments
  return moments


@functools.cache
def state_of(variant):
  """Returns a state in the midst of training: no bias is zero, no capacity."""
  shapes = jax.eval_shape(build(variant, "bernoulli", True).init, 0)
  state = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
  rng = np.random.default_rng(0)
  params = jax.tree.map(
    lambda leaf: 0.05 * rng.standard_normal(leaf.shape, np.float32),
    shapes.params,
  )
  return state._replace(params=params, step=jnp.int32(50))


def make_batch():
  rng = np.random.default_rng(1)
  images = rng.integers(0, 2, (BATCH, *SHAPE)).astype(np.float32)
  return Batch(jnp.asarray(images), jnp.array([0, 2, 1, 2]))


def take_step(method, state, discrete):
  """Returns forward pass, metrics and first moments of a compiled method."""
  batch, categories = make_batch(), None
  forward_pass = method.forward and method.forward(state, batch, discrete)
  if method.solves_codes:
    last = np.prod(method.num_categories) - 1
    joint = [0, last, 1, last - 1] if discrete else [-1] * BATCH
    categories = jnp.array(joint)
  has_weights = method.schedule(0).kl_weights is not None
  inputs = StepInputs(
    KL_WEIGHTS if has_weights else None, categories, forward_pass
  )
  return forward_pass, *method.update(state, batch, inputs)


def assert_steps_equal(fast, plain):
  """Compares metrics and gradients of two calls of `take_step`."""
  _, metrics, moments = fast
  _, plain_metrics, plain_moments = plain
  chex.assert_trees_all_close(metrics, plain_metrics, rtol=1e-5, atol=1e-6)
  assert_gradients_close(moments, plain_moments)


@pytest.mark.parametrize("likelihood", losses.LIKELIHOODS)
@pytest.mark.parametrize(("variant", "discrete"), CASES)
def test_step_is_that_of_the_plain_networks(variant, discrete, likelihood):
  state = state_of(variant)
  fast, plain = (
    take_step(build(variant, likelihood, is_fast), state, discrete)
    for is_fast in (True, False)
  )
  assert fast[0].residuals is not None
  assert_steps_equal(fast, plain)
  if variant in SOLVED:
    chex.assert_trees_all_close(
      fast[0].unary_costs, plain[0].unary_costs, rtol=1e-5
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_plain_networks_keep_nothing(variant):
  """There is a forward pass only where the method itself has need of one."""
  method = build(variant, "bernoulli", False)
  if variant in SOLVED:
    forward_pass, _, _ = take_step(method, state_of(variant), True)
    assert forward_pass.residuals is None
  elif variant == "factor_vae":  # encodes the batch's second half in it
    forward_pass, _, _ = take_step(method, state_of(variant), False)
    assert forward_pass.residuals.vae is None
  else:
    assert method.forward is None


def laplace_loss(networks, params, batch, inputs):
  """A user's loss: its own likelihood, on the decoder's logits."""
  posterior = gaussian(networks.encode(params, batch.images))
  latents = sample(posterior, inputs.noise)
  logits = networks.decode(params, latents, inputs.codes)
  distance = jnp.abs(batch.images - jax.nn.sigmoid(logits))
  nll = distance.sum(axis=(1, 2, 3)).mean()
  kl = losses.kl_per_dimension(posterior).mean(axis=0)
  return nll + kl.sum(), LossParts(nll, kl, {})


def several_calls_loss(networks, params, batch, inputs):
  """A user's loss: each network is called more than once, at other inputs."""
  posterior = gaussian(networks.encode(params, batch.images))
  mirrored = gaussian(networks.encode(params, batch.images[:, ::-1]))
  latents = sample(posterior, inputs.noise)
  nll = networks.nll(params, batch.images, latents, inputs.codes).mean()
  at_mean = networks.nll(params, batch.images, posterior.mean, inputs.codes)
  logits = networks.decode(params, mirrored.mean, inputs.codes)
  kl = losses.kl_per_dimension(posterior).mean(axis=0)
  terms = {"at_mean": at_mean.mean(), "energy": (logits**2).mean()}
  total = nll + kl.sum() + 0.5 * terms["at_mean"] + 3 * terms["energy"]
  return total, LossParts(nll, kl, terms)


def own_logits_loss(networks, params, batch, inputs):
  """A user's loss: the likelihood of the networks, at logits of its own."""
  posterior = gaussian(networks.encode(params, batch.images))
  logits = 0.5 * networks.decode(params, posterior.mean, inputs.codes)
  nll = networks.nll_of_logits(batch.images, logits).mean()
  kl = losses.kl_per_dimension(posterior).mean(axis=0)
  return nll + kl.sum(), LossParts(nll, kl, {})


@pytest.mark.parametrize(
  "loss", [laplace_loss, several_calls_loss, own_logits_loss]
)
def test_loss_of_the_user_has_the_same_step(loss):
  fast, plain = (
    compiled(methods.vae(loss, SHAPE, num_continuous=3, fast_networks=is_fast))
    for is_fast in (True, False)
  )
  state = state_of("beta_vae")
  steps = [take_step(method, state, False) for method in (fast, plain)]
  assert_steps_equal(*steps)


def solving(loss, is_fast):
  return compiled(
    methods.vae(
      functools.partial(loss, weight_penalty=0.01),
      SHAPE,
      num_continuous=3,
      num_categories=(3,),
      schedule=methods.constant_weights(3, 1.0, discrete=True),
      fast_networks=is_fast,
    )
  )


def decoding_loss(networks, params, batch, inputs, weight_penalty):
  """A user's loss that calls `decode`, where the unary costs call `nll`."""
  posterior = gaussian(networks.encode(params, batch.images))
  latents = sample(posterior, inputs.noise)
  logits = networks.decode(params, latents, inputs.codes)
  nll = networks.nll_of_logits(batch.images, logits).mean()
  kl = losses.kl_per_dimension(posterior).mean(axis=0)
  total = nll + (inputs.kl_weights * kl).sum()
  total += losses.weight_penalty(params, weight_penalty)
  return total, LossParts(nll, kl, {})


@pytest.mark.parametrize("loss", [cascade_loss, decoding_loss])
def test_loss_of_the_user_with_solved_codes_has_the_same_step(loss):
  state = state_of("cascade_vae")
  state = state._replace(optimizer=state.optimizer.adam)
  fast, plain = (
    take_step(solving(loss, is_fast), state, True) for is_fast in (True, False)
  )
  assert_steps_equal(fast, plain)


def test_discrete_variables_are_in_use_unless_a_schedule_says_otherwise():
  method = methods.vae(
    cascade_loss, SHAPE, num_continuous=3, num_categories=(3,)
  )
  assert method.solves_codes and method.schedule(0).discrete


def test_calls_that_the_unary_costs_did_not_make_are_refused():
  def loss(networks, params, batch, inputs, weight_penalty):
    networks.encode(params, batch.images[:, ::-1])
    return cascade_loss(
      networks, params, batch, inputs, weight_penalty=weight_penalty
    )

  state = state_of("cascade_vae")
  state = state._replace(optimizer=state.optimizer.adam)
  with pytest.raises(UserError, match="more often than the unary costs"):
    take_step(solving(loss, True), state, True)


def test_residuals_spare_the_forward_arithmetic():
  """Metrics come from them, not from the networks: the pass is not repeated."""
  method, state = build("beta_vae", "bernoulli", True), state_of("beta_vae")
  forward_pass, _, _ = take_step(method, state, False)
  activations, logits, nll = forward_pass.residuals.decoder[0]
  others = forward_pass.residuals._replace(
    decoder=((activations, logits, nll + 1000),)
  )
  inputs = StepInputs(KL_WEIGHTS, None, forward_pass._replace(residuals=others))
  metrics, _ = method.update(state, make_batch(), inputs)
  np.testing.assert_allclose(metrics.reconstruction, nll.mean() + 1000, 1e-6)


def test_rows_of_the_chosen_codes_are_kept():
  """Entry r of image b at code k is 100 k + 10 b + r."""
  codes, images, rows = np.ogrid[:3, :4, :2]
  values = 100 * codes + 10 * images + rows
  residuals = fast_path.Residuals(
    encoder=(jnp.arange(4),),
    decoder=(
      (
        {"output": jnp.asarray(values.reshape(-1, 1))},  # two rows an image
        jnp.asarray(values[..., 0].reshape(-1)),
        None,
      ),
    ),
  )
  kept = jit(fast_path.at_codes, static_argnums=2)(
    residuals, jnp.array([2, 0, 1, 2]), 3
  )
  ((activations, logits, nll),) = kept.decoder
  expected = [200, 201, 10, 11, 120, 121, 230, 231]
  np.testing.assert_array_equal(activations["output"][:, 0], expected)
  np.testing.assert_array_equal(logits, [200, 10, 120, 230])
  assert nll is None
  np.testing.assert_array_equal(kept.encoder[0], np.arange(4))


def test_residuals_of_one_code_stay_as_they_are():
  residuals = fast_path.Residuals((), (({}, jnp.ones((4, 2)), jnp.ones(4)),))
  assert fast_path.at_codes(residuals, jnp.zeros(4, int), 1) is residuals
