import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from absl.testing import parameterized
from jax import lax

from cascade_jax import layers

_LAYOUT = ("NHWC", "HWIO", "NHWC")


def lax_strided(x, kernel):
  return lax.conv_general_dilated(
    x, kernel, (2, 2), "SAME", dimension_numbers=_LAYOUT
  )


def lax_transposed(y, kernel):
  return lax.conv_transpose(y, kernel, (2, 2), "SAME", transpose_kernel=True)


def gradients(layer, x, kernel, cotangent):
  """Gradients of the input and of the kernel."""
  return jax.vjp(layer, x, kernel)[1](cotangent)


class ConvolutionTest(chex.TestCase):
  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.product(
    shape=[(2, 4, 4), (3, 8, 6), (1, 2, 10)], channels=[(1, 3), (5, 2)]
  )
  def test_strided_equals_lax(self, shape, channels):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((*shape, channels[0]), np.float32)
    kernel = rng.standard_normal((4, 4, *channels), np.float32)
    y = self.variant(layers.strided_convolution)(x, kernel)
    expected = lax_strided(x, kernel)
    chex.assert_trees_all_close(y, expected, rtol=1e-5, atol=1e-5)
    g = rng.standard_normal(expected.shape, np.float32)
    chex.assert_trees_all_close(
      gradients(layers.strided_convolution, x, kernel, g),
      gradients(lax_strided, x, kernel, g),
      rtol=1e-4,
      atol=1e-4,
    )

  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.product(
    shape=[(2, 4, 4), (3, 2, 5), (1, 1, 1)], channels=[(1, 3), (5, 2)]
  )
  def test_transposed_equals_lax(self, shape, channels):
    rng = np.random.default_rng(1)
    y = rng.standard_normal((*shape, channels[1]), np.float32)
    kernel = rng.standard_normal((4, 4, *channels), np.float32)
    x = self.variant(layers.transposed_convolution)(y, kernel)
    expected = lax_transposed(y, kernel)
    chex.assert_trees_all_close(x, expected, rtol=1e-5, atol=1e-5)
    g = rng.standard_normal(expected.shape, np.float32)
    chex.assert_trees_all_close(
      gradients(layers.transposed_convolution, y, kernel, g),
      gradients(lax_transposed, y, kernel, g),
      rtol=1e-4,
      atol=1e-4,
    )

  def test_works_under_vmap(self):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((3, 2, 4, 4, 2), np.float32)
    kernels = rng.standard_normal((3, 4, 4, 2, 5), np.float32)

    def loss(layer):
      return lambda x, kernel: (layer(x, kernel) ** 2).sum()

    ours = jax.vmap(jax.grad(loss(layers.strided_convolution), (0, 1)))
    theirs = jax.vmap(jax.grad(loss(lax_strided), (0, 1)))
    chex.assert_trees_all_close(
      ours(x, kernels), theirs(x, kernels), rtol=1e-4, atol=1e-3
    )


def test_odd_sizes_are_refused():
  with pytest.raises(ValueError, match="even height"):
    layers.strided_convolution(jnp.zeros((1, 5, 4, 1)), jnp.zeros((4, 4, 1, 1)))


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
