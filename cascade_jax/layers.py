"""Convolutions of the 4x4, stride 2, SAME kind, fast forward and backward.

Letters: B batch, H W input height and width (even), I O channels in and out.

XLA's CPU backend is quick at strided convolutions and their kernel gradients,
but slow at everything with dilated inputs: transposed convolutions, and above
all their kernel gradients. A transposed convolution is the input gradient of a
strided one, so three operations serve both layers, forward and backward:

| operation | strided layer | transposed layer |
|---|---|---|
| `_correlate` | forward | input gradient |
| `_spread` | input gradient | forward |
| `_kernel_gradient` | kernel gradient | kernel gradient, roles swapped |

The kernel of both is `[4, 4, I, O]` of the strided direction; a transposed
layer maps O channels to I, as `lax.conv_transpose(..., transpose_kernel=True)`.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

_LAYOUT = ("NHWC", "HWIO", "NHWC")
_he = nn.initializers.variance_scaling(2.0, "fan_in", "truncated_normal")


def _correlate(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """`[B, H, W, I]` to `[B, H/2, W/2, O]`."""
  return lax.conv_general_dilated(
    x, kernel, (2, 2), "SAME", dimension_numbers=_LAYOUT
  )


def _spread(y: jax.Array, kernel: jax.Array) -> jax.Array:
  """`[B, H/2, W/2, O]` to `[B, H, W, I]`: the adjoint of `_correlate`.

  One matrix product gives what each input pixel adds to the 4x4 patch around
  it. A patch is 2x2 blocks of 2x2 pixels, so four shifted additions on the
  grid of blocks put the patches together.
  """
  batch, height, width, out_channels = y.shape
  in_channels = kernel.shape[2]
  blocks = kernel.reshape(2, 2, 2, 2, in_channels, out_channels)
  blocks = blocks.transpose(5, 0, 2, 1, 3, 4).reshape(out_channels, -1)
  patches = (y.reshape(-1, out_channels) @ blocks).reshape(
    batch, height, width, 2, 2, 4 * in_channels
  )
  grid = sum(
    jnp.pad(
      patches[:, :, :, row, column],
      ((0, 0), (row, 1 - row), (column, 1 - column), (0, 0)),
    )
    for row in (0, 1)
    for column in (0, 1)
  )
  grid = grid.reshape(batch, height + 1, width + 1, 2, 2, in_channels)
  pixels = grid.transpose(0, 1, 3, 2, 4, 5).reshape(
    batch, 2 * height + 2, 2 * width + 2, in_channels
  )
  return pixels[:, 1:-1, 1:-1]


def _kernel_gradient(x: jax.Array, y: jax.Array) -> jax.Array:
  """`[4, 4, I, O]`: the gradient of `sum(y * _correlate(x, kernel))`."""
  shape = jax.ShapeDtypeStruct((4, 4, x.shape[-1], y.shape[-1]), x.dtype)
  transpose = jax.linear_transpose(lambda k: _correlate(x, k), shape)
  return transpose(y)[0]


@jax.custom_vjp
def strided_convolution(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """Convolution with a 4x4 kernel, stride 2, SAME padding.

  Args:
    x: `[B, H, W, I]`, H and W even.
    kernel: `[4, 4, I, O]`.

  Returns:
    `[B, H/2, W/2, O]`.
  """
  _check_even(x)
  return _correlate(x, kernel)


def _strided_forward(x, kernel):
  return strided_convolution(x, kernel), (x, kernel)


def _strided_backward(residual, g):
  x, kernel = residual
  return _spread(g, kernel), _kernel_gradient(x, g)


strided_convolution.defvjp(_strided_forward, _strided_backward)


@jax.custom_vjp
def transposed_convolution(y: jax.Array, kernel: jax.Array) -> jax.Array:
  """Transposed convolution with a 4x4 kernel, stride 2, SAME padding.

  Args:
    y: `[B, H/2, W/2, O]`.
    kernel: `[4, 4, I, O]`, the kernel of the strided convolution whose input
      gradient this is.

  Returns:
    `[B, H, W, I]`.
  """
  return _spread(y, kernel)


def _transposed_forward(y, kernel):
  return _spread(y, kernel), (y, kernel)


def _transposed_backward(residual, g):
  y, kernel = residual
  return _correlate(g, kernel), _kernel_gradient(g, y)


transposed_convolution.defvjp(_transposed_forward, _transposed_backward)


def _check_even(x: jax.Array) -> None:
  if x.shape[1] % 2 or x.shape[2] % 2:
    raise ValueError(
      f"stride 2 needs an even height and width, got {x.shape[1:3]}"
    )


class StridedConvolution(nn.Module):
  """`strided_convolution` with parameters: He-initialised kernel, zero bias."""

  features: int

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """`[B, H, W, I]` to `[B, H/2, W/2, features]`."""
    kernel = self.param("kernel", _he, (4, 4, x.shape[-1], self.features))
    bias = self.param("bias", nn.initializers.zeros_init(), (self.features,))
    return strided_convolution(x, kernel) + bias


class TransposedConvolution(nn.Module):
  """`transposed_convolution` with parameters.

  The fan-in of the initialiser counts the *output* channels, because that is
  where the authors' library looks in a transposed kernel (TensorFlow's
  `variance_scaling_initializer` reads axis -2).
  """

  features: int

  @nn.compact
  def __call__(self, y: jax.Array) -> jax.Array:
    """`[B, H/2, W/2, O]` to `[B, H, W, features]`."""
    kernel = self.param("kernel", _he, (4, 4, self.features, y.shape[-1]))
    bias = self.param("bias", nn.initializers.zeros_init(), (self.features,))
    return transposed_convolution(y, kernel) + bias
