"""The decoder in JavaScript, against the one in JAX."""

import jax
import numpy as np
import pytest

from cascade_jax import methods
from cascade_jax.errors import UserError
from cascade_jax.explore import embed
from cascade_jax.explore.decoder import decoder_layers
from cascade_jax.methods import codes as codes_lib
from tests.helpers import decoded, explored


def embedded(layer):
  kernel, bias = embed.floats(layer.kernel), embed.floats(layer.bias)
  return layer._asdict() | {"kernel": kernel, "bias": bias}


@pytest.mark.parametrize("is_fast", [False, True])
@pytest.mark.parametrize(("size", "channels"), [(16, 3), (32, 1), (64, 1)])
def test_it_equals_the_decoder_in_jax(size, channels, is_fast):
  evaluator, state = explored.model(
    explored.dataset(size, channels), fast_networks=is_fast
  )
  sizes = evaluator.method.num_categories
  latents, joint = explored.codes(4, sizes)
  expected = np.asarray(evaluator.decode(state.params, latents, joint))
  assert expected.std(axis=0).max() > 0.05  # codes make a difference
  layers = list(map(embedded, decoder_layers(evaluator, state)))
  rows = np.asarray(codes_lib.one_hot(joint, sizes))
  images = decoded.in_node(layers, latents, rows)
  np.testing.assert_allclose(
    images.reshape(expected.shape), expected, rtol=0, atol=1e-5
  )


def test_the_layers_are_those_of_the_parameters_in_order():
  evaluator, state = explored.model(explored.dataset(32))
  layers = decoder_layers(evaluator, state)
  names = ["hidden", "grid", "conv_0", "conv_1", "logits"]
  params = state.params["decoder"]["params"]
  for layer, name in zip(layers, names, strict=True):
    np.testing.assert_array_equal(layer.kernel, params[name]["kernel"])
    np.testing.assert_array_equal(layer.bias, params[name]["bias"])
  kinds = [layer.kind for layer in layers]
  assert kinds == ["dense"] * 2 + ["transposed convolution"] * 3
  assert [layer.activation for layer in layers] == ["relu"] * 4 + ["sigmoid"]


@pytest.mark.parametrize("method", sorted(methods.METHODS))
def test_every_method_has_that_decoder(method):
  evaluator, state = explored.model(explored.dataset(), method)
  layers = decoder_layers(evaluator, state)
  code_length = 4 + sum(evaluator.method.num_categories)
  assert layers[0].kernel.shape == (code_length, 256)
  assert layers[-1].bias.shape == (1,)


def test_another_decoder_is_refused():
  evaluator, state = explored.model(explored.dataset())
  decode = evaluator.decode

  evaluator.decode = lambda *arguments: 1 - decode(*arguments)
  with pytest.raises(UserError, match="decodes otherwise than by .*off by"):
    decoder_layers(evaluator, state)

  def of_generator(params, *code):
    return decode({"decoder": params["generator"]}, *code)

  evaluator.decode = of_generator
  other = state._replace(params={"generator": state.params["decoder"]})
  with pytest.raises(UserError, match="decodes otherwise than by"):
    decoder_layers(evaluator, other)

  evaluator.decode = lambda params, *code: decode(state.params, *code)
  narrow = jax.tree.map(lambda x: x[..., :1], state.params)
  with pytest.raises(UserError, match="decodes otherwise than by"):
    decoder_layers(evaluator, state._replace(params=narrow))


def test_images_of_two_channels_are_refused():
  evaluator, state = explored.model(explored.dataset(channels=2))
  with pytest.raises(UserError, match="2 channels .* shows 1 or 3"):
    decoder_layers(evaluator, state)
