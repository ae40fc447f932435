"""The decoder in JavaScript, against the one in JAX."""

import importlib.resources
import json
import shutil
import subprocess

import jax
import numpy as np
import pytest

from cascade_jax import methods
from cascade_jax.errors import UserError
from cascade_jax.explore import embed
from cascade_jax.explore.decoder import decoder_layers
from cascade_jax.methods import codes as codes_lib
from tests.helpers import explored

DECODE = """
const { layers, codes } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const decoder = new Decoder(layers);
console.log(JSON.stringify(codes.map(
  ([latents, code]) => [...decoder.decode(latents, code)])));
"""


def decode_in_node(layers, latents, rows):
  node = shutil.which("node")
  if node is None:
    pytest.skip("node is not installed")
  folder = importlib.resources.files("cascade_jax.explore")
  program = folder.joinpath("decoder.js").read_text() + DECODE
  texts = [
    {name: embed.floats(array) for name, array in zip(("kernel", "bias"), each)}
    for each in layers
  ]
  codes = [[z.tolist(), row.tolist()] for z, row in zip(latents, rows)]
  result = subprocess.run(
    [node, "-e", program],
    input=json.dumps({"layers": texts, "codes": codes}),
    capture_output=True,
    text=True,
    check=True,
  )
  return np.array(json.loads(result.stdout))


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
  layers = [layer[1:] for layer in decoder_layers(evaluator, state)]
  rows = np.asarray(codes_lib.one_hot(joint, sizes))
  images = decode_in_node(layers, latents, rows)
  np.testing.assert_allclose(
    images.reshape(expected.shape), expected, rtol=0, atol=1e-5
  )


def test_the_layers_are_those_of_the_parameters_in_order():
  evaluator, state = explored.model(explored.dataset(32))
  layers = decoder_layers(evaluator, state)
  names = ["hidden", "grid", "conv_0", "conv_1", "logits"]
  assert [layer.name for layer in layers] == names
  params = state.params["decoder"]["params"]
  for layer in layers:
    np.testing.assert_array_equal(layer.kernel, params[layer.name]["kernel"])
    np.testing.assert_array_equal(layer.bias, params[layer.name]["bias"])


@pytest.mark.parametrize("method", sorted(methods.METHODS))
def test_every_method_has_that_decoder(method):
  evaluator, state = explored.model(explored.dataset(), method)
  layers = decoder_layers(evaluator, state)
  code_length = 4 + sum(evaluator.method.num_categories)
  assert layers[0].kernel.shape == (code_length, 256)
  assert layers[-1].bias.shape == (1,)


def test_another_decoder_is_refused():
  evaluator, state = explored.model(explored.dataset())
  method = evaluator.method

  def inverted(*arguments):
    return 1 - method.decode(*arguments)

  evaluator.method = method._replace(decode=inverted)
  with pytest.raises(UserError, match="decodes otherwise than by .*off by"):
    decoder_layers(evaluator, state)
  evaluator.method = method
  other = state._replace(params={"generator": state.params["decoder"]})
  with pytest.raises(UserError, match="decodes otherwise than by"):
    decoder_layers(evaluator, other)
  narrow = jax.tree.map(lambda x: x[..., :1], state.params)
  other = state._replace(params=narrow)
  with pytest.raises(UserError, match="decodes otherwise than by"):
    decoder_layers(evaluator, other)


def test_images_of_two_channels_are_refused():
  evaluator, state = explored.model(explored.dataset(channels=2))
  with pytest.raises(UserError, match="2 channels .* shows 1 or 3"):
    decoder_layers(evaluator, state)
