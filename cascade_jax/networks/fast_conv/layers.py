"""Convolutions of the 4x4, stride 2, SAME kind, fast forward and backward.

Letters: B batch, H W height and width, I O channels in and out.

XLA's CPU backend is slow at whatever dilates its input: transposed
convolutions and the input gradients of strided ones. Feature maps of some size
are therefore convolved as blocks (see `blocks.py`). Small ones aren't
worth it; they only need the kernel gradient of a transposed convolution to be
taken as that of a strided one, roles swapped.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from cascade_jax.networks.fast_conv import blocks as blocks_lib
from cascade_jax.networks.fast_conv import image_layers

# Convolved as blocks on CPU: maps that are narrowed to so many rows, or widened
# from as many. Measured; elsewhere all are.
_LEAST_ROWS = 8

# Where the modules leave what they computed, and look for what is known.
ACTIVATIONS = "activations"

_LAYOUT = ("NHWC", "HWIO", "NHWC")
_he = nn.initializers.variance_scaling(2.0, "fan_in", "truncated_normal")


def strided_convolution(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """Convolution with a 4x4 kernel, stride 2, SAME padding.

  Args:
    x: `[B, H, W, I]`.
    kernel: `[4, 4, I, O]`.

  Returns:
    `[B, H/2, W/2, O]`, odd sizes rounded up.
  """
  if _is_small((x.shape[1] + 1) // 2):
    return _correlate(x, kernel)
  return blocks_lib.narrow(blocks_lib.to_blocks(x), blocks_lib.fold(kernel))


def transposed_convolution(y: jax.Array, kernel: jax.Array) -> jax.Array:
  """Transposed convolution with a 4x4 kernel, stride 2, SAME padding.

  Args:
    y: `[B, H, W, O]`.
    kernel: `[4, 4, I, O]`, the kernel of the strided convolution whose input
      gradient this is.

  Returns:
    `[B, 2H, 2W, I]`.
  """
  if _is_small(y.shape[1]):
    return _spread(y, kernel)
  return blocks_lib.from_blocks(blocks_lib.widen(y, blocks_lib.fold(kernel)))


def _is_small(rows: int) -> bool:
  return blocks_lib.on_cpu() and rows < _LEAST_ROWS


def _correlate(x: jax.Array, kernel: jax.Array) -> jax.Array:
  return lax.conv_general_dilated(
    x, kernel, (2, 2), "SAME", dimension_numbers=_LAYOUT
  )


@jax.custom_vjp
def _spread(y: jax.Array, kernel: jax.Array) -> jax.Array:
  return lax.conv_transpose(y, kernel, (2, 2), "SAME", transpose_kernel=True)


def _spread_forward(y, kernel):
  return _spread(y, kernel), (y, kernel)


def _spread_backward(residual, g):
  y, kernel = residual
  (kernel_gradient,) = jax.linear_transpose(
    lambda kernel: _correlate(g, kernel), kernel
  )(y)
  return _correlate(g, kernel), kernel_gradient


_spread.defvjp(_spread_forward, _spread_backward)


class _Convolution(nn.Module):
  """What the convolutions share: He-initialised kernel, zero bias."""

  features: int

  def parameters(self, *channels: int) -> tuple[jax.Array, jax.Array]:
    """Kernel `[4, 4, *channels]` and bias `[features]`."""
    kernel = self.param("kernel", _he, (4, 4, *channels))
    zeros = nn.initializers.zeros_init()
    return kernel, self.param("bias", zeros, (self.features,))


class ImageToBlocks(_Convolution):
  """`strided_convolution` of images, to blocks, with parameters."""

  @nn.compact
  def __call__(self, images: jax.Array) -> jax.Array:
    """`[B, H, W, C]` to blocks of `[B, H/2, W/2, features]`."""
    kernel, bias = self.parameters(images.shape[-1], self.features)
    blocks = image_layers.image_to_blocks(images, kernel)
    return blocks_lib.add_bias(blocks, bias)


class BlocksToImage(_Convolution):
  """`transposed_convolution` of blocks, to images, with parameters."""

  @nn.compact
  def __call__(self, blocks: jax.Array) -> jax.Array:
    """Blocks of `[B, H/2, W/2, O]` to `[B, H, W, features]`."""
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
    """`[B, H, W, I]` to `[B, H/2, W/2, features]`."""
    inputs = x.shape[-1] // (4 if self.from_blocks else 1)
    kernel, bias = self.parameters(inputs, self.features)
    if self.from_blocks:
      return blocks_lib.narrow(x, blocks_lib.fold(kernel)) + bias
    return strided_convolution(x, kernel) + bias


class TransposedConvolution(_Convolution):
  """`transposed_convolution` with parameters.

  The fan-in of the initialiser counts the *output* channels, because that is
  where the authors' library looks in a transposed kernel (TensorFlow's
  `variance_scaling_initializer` reads axis -2).

  Attributes:
    features: I.
    to_blocks: whether to give the output as blocks.
  """

  to_blocks: bool = False

  @nn.compact
  def __call__(self, y: jax.Array) -> jax.Array:
    """`[B, H, W, O]` to `[B, 2H, 2W, features]`."""
    kernel, bias = self.parameters(self.features, y.shape[-1])
    if self.to_blocks:
      blocks = blocks_lib.widen(y, blocks_lib.fold(kernel))
      return blocks_lib.add_bias(blocks, bias)
    return transposed_convolution(y, kernel) + bias


class Relu(nn.Module):
  """max(x, 0), remembered.

  `apply(..., mutable=[ACTIVATIONS])` returns the outputs of all of them too. A
  later `apply` that is given these takes them instead of computing: only the
  gradient remains to be done, and what led to the outputs is dead code.

  Attributes:
    width: of the rows that the outputs are remembered as, `[rows, width]`; by
      default they keep their shape. XLA's CPU backend computes them only once
      if they are remembered in the shape that their next use has.
  """

  width: int | None = None

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Any shape."""
    if self.has_variable(ACTIVATIONS, "output"):
      known = self.get_variable(ACTIVATIONS, "output")
      return _known_relu(x, known.reshape(x.shape))
    y = _known_relu(x, lax.stop_gradient(jnp.maximum(x, 0)))
    if self.is_initializing():
      return y  # or it would stand among the parameters
    shape = (-1, self.width) if self.width else x.shape
    y = y.reshape(shape)
    self.sow(ACTIVATIONS, "output", y, lambda _, new: new, lambda: None)
    return y.reshape(x.shape)


@jax.custom_vjp
def _known_relu(x, y):
  """`y`, with the gradient of max(x, 0); by `y`, so `x` needn't be kept."""
  del x
  return y


def _known_relu_forward(x, y):
  del x
  return y, y


def _known_relu_backward(y, g):
  return jnp.where(y > 0, g, 0), jnp.zeros_like(y)


_known_relu.defvjp(_known_relu_forward, _known_relu_backward)
