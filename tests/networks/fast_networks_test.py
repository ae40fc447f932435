"""The fast networks are the plain ones: parameters, outputs and gradients."""

import chex
import jax
import numpy as np
import pytest

from cascade_jax.networks.autoencoder import autoencoder
from tests.helpers.jitted import jit
from tests.helpers.twins import assert_gradients_close

SHAPES = [(16, 16, 1), (32, 32, 1), (16, 16, 3)]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def networks(request):
  """Plain and fast networks of one image shape, and parameters of each."""
  pair = [
    autoencoder(request.param, 6, "bernoulli", is_fast)
    for is_fast in (False, True)
  ]
  init = [jit(each.init, static_argnums=(1, 2)) for each in pair]
  return *pair, *[each(jax.random.key(7), 3, 2) for each in init]


def arrays(*shapes):
  rng = np.random.default_rng(0)
  return [rng.standard_normal(shape, np.float32) for shape in shapes]


def outputs_and_gradients(function, params, inputs, cotangent):
  """Returns outputs and the gradients of parameters and inputs, compiled."""

  def pull_back(params, inputs):
    outputs, gradient = jax.vjp(function, params, *inputs)
    return outputs, gradient(cotangent)

  return jit(pull_back)(params, inputs)


def test_initial_parameters_are_equal_bit_for_bit(networks):
  _, _, plain_params, fast_params = networks
  chex.assert_trees_all_equal(fast_params, plain_params)


def test_encoders_have_equal_outputs_and_gradients(networks):
  plain, fast, params, _ = networks
  images, cotangent = arrays((4, *plain.decoder.image_shape), (4, 6))
  compare(plain.encode, fast.encode, params, [images], cotangent)


def test_decoders_have_equal_outputs_and_gradients(networks):
  plain, fast, params, _ = networks
  latents, codes, cotangent = arrays(
    (4, 3), (4, 2), (4, *plain.decoder.image_shape)
  )
  compare(plain.decode, fast.decode, params, [latents, codes], cotangent)


def compare(plain, fast, params, inputs, cotangent):
  # Biases start at zero, where a sign of a bias would not show.
  params = jax.tree.map(lambda leaf: leaf + 0.02, params)
  name = {"encode": "encoder", "decode": "decoder"}[plain.__name__]
  params = {name: params[name]}
  expected = outputs_and_gradients(plain, params, inputs, cotangent)
  outputs, gradients = outputs_and_gradients(fast, params, inputs, cotangent)
  np.testing.assert_allclose(outputs, expected[0], rtol=1e-5, atol=1e-5)
  assert_gradients_close(gradients, expected[1])
