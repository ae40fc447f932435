import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from absl.testing import parameterized
from jax import lax

from cascade_jax.networks.fast_conv import blocks, layers
from tests.helpers.jitted import jit

_LAYOUT = ("NHWC", "HWIO", "NHWC")


def lax_strided(x, kernel):
  return lax.conv_general_dilated(
    x, kernel, (2, 2), "SAME", dimension_numbers=_LAYOUT
  )


def lax_transposed(y, kernel):
  return lax.conv_transpose(y, kernel, (2, 2), "SAME", transpose_kernel=True)


def value_and_gradients(layer, x, kernel, cotangent):
  """Returns the output and the gradients of input and kernel."""
  y, pull_back = jax.vjp(layer, x, kernel)
  return y, *pull_back(cotangent)


def assert_equal(ours, theirs, x, kernel, variant=lambda f: f):
  """Compares values and gradients, to a few units in the last place."""
  rng = np.random.default_rng(0)
  cotangent = rng.standard_normal(theirs(x, kernel).shape, np.float32)
  got = variant(lambda *args: value_and_gradients(ours, *args))(
    x, kernel, cotangent
  )
  expected = jit(lambda *args: value_and_gradients(theirs, *args))(
    x, kernel, cotangent
  )
  for name, one, other in zip(
    ("value", "input gradient", "kernel gradient"), got, expected, strict=True
  ):
    atol = 1e-6 * float(jnp.abs(other).max()) * 4
    np.testing.assert_allclose(one, other, 1e-5, atol, err_msg=name)


class ConvolutionTest(chex.TestCase):
  """Small maps are convolved as pixels, larger ones as blocks."""

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.product(
    shape=[(3, 8, 6), (4, 5, 7), (1, 17, 16)],
    channels=[(1, 3), (17, 2)],
  )
  def test_strided_equals_lax(self, shape, channels):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((*shape, channels[0]), np.float32)
    kernel = rng.standard_normal((4, 4, *channels), np.float32)
    assert_equal(
      layers.strided_convolution, lax_strided, x, kernel, self.variant
    )

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.product(
    shape=[(3, 2, 5), (1, 1, 1), (4, 9, 8)],
    channels=[(1, 3), (17, 2)],
  )
  def test_transposed_equals_lax(self, shape, channels):
    rng = np.random.default_rng(1)
    y = rng.standard_normal((*shape, channels[1]), np.float32)
    kernel = rng.standard_normal((4, 4, *channels), np.float32)
    ours, theirs = layers.transposed_convolution, lax_transposed
    assert_equal(ours, theirs, y, kernel, self.variant)

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.product(
    shape=[(1, 4, 4), (4, 8, 12)],
    channels=[(1, 3), (3, 5)],
  )
  def test_layers_next_to_the_image_equal_lax(self, shape, channels):
    rng = np.random.default_rng(2)
    batch, height, width = shape
    image = rng.standard_normal((*shape, channels[0]), np.float32)
    features = rng.standard_normal(
      (batch, height // 2, width // 2, channels[1]), np.float32
    )
    kernel = rng.standard_normal((4, 4, *channels), np.float32)
    into = layers.ImageToBlocks(channels[1])
    out_of = layers.BlocksToImage(channels[0])

    def with_bias(kernel, size):
      return {"params": {"kernel": kernel, "bias": jnp.arange(size) - 1.0}}

    def image_to_features(image, kernel):
      features = into.apply(with_bias(kernel, channels[1]), image)
      return blocks.from_blocks(layers.Relu().apply({}, features))

    def features_to_image(features, kernel):
      features = blocks.to_blocks(features)
      return out_of.apply(with_bias(kernel, channels[0]), features)

    def lax_to_features(image, kernel):
      bias = jnp.arange(channels[1]) - 1.0
      return jax.nn.relu(lax_strided(image, kernel) + bias)

    def lax_to_image(features, kernel):
      return lax_transposed(features, kernel) + jnp.arange(channels[0]) - 1.0

    assert_equal(
      image_to_features, lax_to_features, image, kernel, self.variant
    )
    assert_equal(
      features_to_image, lax_to_image, features, kernel, self.variant
    )

  def test_works_under_vmap(self):
    """Over both arguments, as replicas of one network need it."""
    rng = np.random.default_rng(2)
    kernels = rng.standard_normal((3, 4, 4, 2, 5), np.float32)
    for size in (4, 16):  # as pixels, and as blocks
      x = rng.standard_normal((3, 4, size, size, 2), np.float32)
      y = rng.standard_normal((3, 4, size, size, 5), np.float32)
      assert_equal(
        jax.vmap(layers.strided_convolution), jax.vmap(lax_strided), x, kernels
      )
      assert_equal(
        jax.vmap(layers.transposed_convolution),
        jax.vmap(lax_transposed),
        y,
        kernels,
      )


def test_bias_of_blocks_and_its_gradient():
  """It is added to the pixels; the border, for the ReLU to clear, gets -inf."""
  rng = np.random.default_rng(0)
  x = rng.standard_normal((4, 6, 8, 3), np.float32)
  g = blocks.to_blocks(rng.standard_normal(x.shape, np.float32))
  bias = jnp.array([1.0, -2.0, 0.5])
  y, pull_back = jax.vjp(blocks.add_bias, blocks.to_blocks(x), bias)
  np.testing.assert_allclose(blocks.from_blocks(y), x + bias, rtol=1e-6)
  border = np.ones((8, 10), bool)
  border[1:-1, 1:-1] = False
  assert (blocks.pixels(y, 2)[:, border] == -np.inf).all()
  x_gradient, bias_gradient = pull_back(g)
  np.testing.assert_array_equal(x_gradient, g)
  np.testing.assert_allclose(
    bias_gradient, blocks.from_blocks(g).sum((0, 1, 2)), rtol=1e-5, atol=1e-5
  )


def test_cells_and_back():
  x = jnp.arange(2 * 8 * 4 * 3.0).reshape(2, 8, 4, 3)
  cells = blocks.cells(x, 4)
  chex.assert_shape(cells, (2, 2, 1, 48))
  np.testing.assert_array_equal(cells[1, 1, 0], x[1, 4:8, 0:4].ravel())
  np.testing.assert_array_equal(blocks.pixels(cells, 4), x)


@pytest.mark.parametrize(
  ("layer", "shape", "fan_in"),
  [
    (layers.StridedConvolution(64), (1, 4, 4, 32), 16 * 32),
    # The authors' initialiser counts a transposed kernel's output channels.
    (layers.TransposedConvolution(64), (1, 4, 4, 32), 16 * 64),
  ],
)
def test_kernels_start_with_he_variance_and_biases_at_zero(
  layer, shape, fan_in
):
  params = layer.init(jax.random.key(0), jnp.zeros(shape))["params"]
  np.testing.assert_allclose(
    params["kernel"].std(), np.sqrt(2 / fan_in), rtol=0.02
  )
  assert not params["bias"].any()


def test_relu_takes_remembered_outputs():
  """The gradient is that of a ReLU with these outputs."""
  relu, x = layers.Relu(), jnp.array([-1.0, 2.0, 3.0])
  y, memory = relu.apply({}, x, mutable=[layers.ACTIVATIONS])
  np.testing.assert_array_equal(y, [0, 2, 3])
  other = jnp.array([5.0, -5.0, -5.0])  # not what led to the memory
  remembered, pull_back = jax.vjp(lambda x: relu.apply(memory, x), other)
  np.testing.assert_array_equal(remembered, y)
  np.testing.assert_array_equal(pull_back(jnp.ones(3))[0], [0, 1, 1])


def test_relu_remembers_rows_of_a_width():
  relu, x = layers.Relu(width=2), jnp.arange(-6.0, 6.0).reshape(3, 4)
  y, memory = relu.apply({}, x, mutable=[layers.ACTIVATIONS])
  np.testing.assert_array_equal(y, jax.nn.relu(x))
  chex.assert_shape(jax.tree.leaves(memory), (6, 2))
  remembered, pull_back = jax.vjp(lambda x: relu.apply(memory, x), x)
  np.testing.assert_array_equal(remembered, y)
  np.testing.assert_array_equal(pull_back(jnp.ones((3, 4)))[0], x > 0)


def test_activations_are_not_among_the_parameters():
  variables = layers.Relu().init(jax.random.key(0), jnp.ones(2))
  assert not jax.tree.leaves(variables)
