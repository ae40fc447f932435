"""Convolutions with a 4x4 kernel and stride 2, fast forward and backward.

XLA's CPU backend is slow at operations that dilate their input: transposed
convolutions and the input gradients of strided ones. Large feature maps are
therefore convolved as blocks (see `blocks`). Small ones gain nothing by it;
they only need the kernel gradient of a transposed convolution to be computed as
that of a strided one, with the roles of input and output swapped.

Shapes: B batch, H W height and width, I O channels in and out.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from cascade_jax.networks.fast_conv import blocks as blocks_lib
from cascade_jax.networks.fast_conv import image_layers
from cascade_jax.networks.models import he_normal

# Maps with fewer rows, on their smaller side, are not convolved as blocks:
# measured, that is slower.
_LEAST_ROWS = 8

# The collection of a module's variables that holds remembered activations.
ACTIVATIONS = "activations"

_LAYOUT = ("NHWC", "HWIO", "NHWC")


def strided_convolution(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """Returns the convolution with a 4x4 kernel, stride 2 and SAME padding.

  Args:
    x: `[B, H, W, I]`.
    kernel: `[4, 4, I, O]`.

  Returns:
    `[B, H/2, W/2, O]`, odd sizes rounded up.
  """
  if (x.shape[1] + 1) // 2 < _LEAST_ROWS:
    return _correlate(x, kernel)
  return blocks_lib.narrow(blocks_lib.to_blocks(x), blocks_lib.fold(kernel))


def transposed_convolution(y: jax.Array, kernel: jax.Array) -> jax.Array:
  """Returns the transposed convolution, 4x4 kernel, stride 2, SAME padding.

  Args:
    y: `[B, H, W, O]`.
    kernel: `[4, 4, I, O]`, the kernel of the strided convolution whose input
      gradient this is.

  Returns:
    `[B, 2H, 2W, I]`.
  """
  if y.shape[1] < _LEAST_ROWS:
    return _spread(y, kernel)
  return blocks_lib.from_blocks(blocks_lib.widen(y, blocks_lib.fold(kernel)))


def _correlate(x: jax.Array, kernel: jax.Array) -> jax.Array:
  return lax.conv_general_dilated(
    x, kernel, (2, 2), "SAME", dimension_numbers=_LAYOUT
  )


@jax.custom_vjp
def _spread(y: jax.Array, kernel: jax.Array) -> jax.Array:
  return lax.conv_transpose(y, kernel, (2, 2), "SAME", transpose_kernel=True)


def _spread_forward(
  y: jax.Array, kernel: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
  return _spread(y, kernel), (y, kernel)


def _spread_backward(
  residual: tuple[jax.Array, jax.Array], g: jax.Array
) -> tuple[jax.Array, jax.Array]:
  y, kernel = residual
  (kernel_gradient,) = jax.linear_transpose(
    lambda kernel: _correlate(g, kernel), kernel
  )(y)
  return _correlate(g, kernel), kernel_gradient


_spread.defvjp(_spread_forward, _spread_backward)


class _Convolution(nn.Module):
  """The parameters of a convolution: a He-normal kernel and a zero bias."""

  features: int

  def parameters(self, *channels: int) -> tuple[jax.Array, jax.Array]:
    """Returns the kernel `[4, 4, *channels]` and the bias `[features]`."""
    kernel = self.param("kernel", he_normal, (4, 4, *channels))
    zeros = nn.initializers.zeros_init()
    return kernel, self.param("bias", zeros, (self.features,))


class ImageToBlocks(_Convolution):
  """`strided_convolution` of images, to blocks, with parameters."""

  @nn.compact
  def __call__(self, images: jax.Array) -> jax.Array:
    """Maps `[B, H, W, C]` to blocks of `[B, H/2, W/2, features]`."""
    kernel, bias = self.parameters(images.shape[-1], self.features)
    blocks = image_layers.image_to_blocks(images, kernel)
    return blocks_lib.add_bias(blocks, bias)


class BlocksToImage(_Convolution):
  """`transposed_convolution` of blocks, to images, with parameters."""

  @nn.compact
  def __call__(self, blocks: jax.Array) -> jax.Array:
    """Maps blocks of `[B, H/2, W/2, O]` to `[B, H, W, features]`."""
    kernel, bias = self.parameters(self.features, blocks.shape[-1] // 4)
    return image_layers.blocks_to_image(blocks, kernel) + bias


class StridedConvolution(_Convolution):
  """`strided_convolution` with parameters.

  Attributes:
    features: O.
    from_blocks: whether the input comes as blocks.
  """

  from_blocks: bool = False

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, I]` to `[B, H/2, W/2, features]`."""
    inputs = x.shape[-1] // (4 if self.from_blocks else 1)
    kernel, bias = self.parameters(inputs, self.features)
    if self.from_blocks:
      return blocks_lib.narrow(x, blocks_lib.fold(kernel)) + bias
    return strided_convolution(x, kernel) + bias


class TransposedConvolution(_Convolution):
  """`transposed_convolution` with parameters.

  Attributes:
    features: I.
    to_blocks: whether to give the output as blocks.
  """

  to_blocks: bool = False

  @nn.compact
  def __call__(self, y: jax.Array) -> jax.Array:
    """Maps `[B, H, W, O]` to `[B, 2H, 2W, features]`."""
    kernel, bias = self.parameters(self.features, y.shape[-1])
    if self.to_blocks:
      blocks = blocks_lib.widen(y, blocks_lib.fold(kernel))
      return blocks_lib.add_bias(blocks, bias)
    return transposed_convolution(y, kernel) + bias


class Relu(nn.Module):
  """max(x, 0), with outputs that can be remembered.

  `apply(..., mutable=[ACTIVATIONS])` also returns the outputs of all ReLUs of
  the network. A later `apply` whose variables hold them takes these outputs
  instead of computing them. Only the gradient is computed then: everything
  that led to the outputs is dead code.

  Attributes:
    width: outputs are remembered as rows `[rows, width]`; by default they keep
      their shape. XLA's CPU backend computes them only once if they are
      remembered in the shape of their next use.
  """

  width: int | None = None

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps an array of any shape."""
    if self.has_variable(ACTIVATIONS, "output"):
      known: Any = self.get_variable(ACTIVATIONS, "output")
      return _known_relu(x, known.reshape(x.shape))
    y = _known_relu(x, lax.stop_gradient(jnp.maximum(x, 0)))
    if self.is_initializing():
      return y  # otherwise it would become one of the parameters
    shape = (-1, self.width) if self.width else x.shape
    y = y.reshape(shape)
    self.sow(ACTIVATIONS, "output", y, lambda _, new: new, lambda: None)
    return y.reshape(x.shape)


@jax.custom_vjp
def _known_relu(x: jax.Array, y: jax.Array) -> jax.Array:
  """Returns `y`, with the gradient of max(x, 0) computed from `y` alone."""
  del x
  return y


def _known_relu_forward(
  x: jax.Array, y: jax.Array
) -> tuple[jax.Array, jax.Array]:
  del x
  return y, y


def _known_relu_backward(
  y: jax.Array, g: jax.Array
) -> tuple[jax.Array, jax.Array]:
  return jnp.where(y > 0, g, 0), jnp.zeros_like(y)


_known_relu.defvjp(_known_relu_forward, _known_relu_backward)
