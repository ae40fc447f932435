"""Feature maps as blocks of 2x2 pixels, on which a stride of 2 costs nothing.

Shapes: B batch, H W height and width, I O channels in and out.

A map `[B, H, W, C]` is held as `[B, H/2 + 1, W/2 + 1, 4C]`: after a border of
one zero pixel, each 2x2 pixels are one block, their channels side by side. A
4x4 kernel at stride 2 with SAME padding then covers exactly 2x2 blocks, so

| here | on pixels |
|---|---|
| `narrow` | the strided convolution |
| `widen` | its adjoint, the transposed convolution |

are convolutions with a 2x2 kernel at stride 1. The input gradient of each is
the other one, and its kernel gradient is one matrix product. So nothing dilates
its input, which is what XLA's CPU backend is slow at (docs/performance.md).

The image itself can be held as cells of 4x4 pixels, without a border: a block
of its features lies across 2x2 of these cells, so the layers next to the image
are `widen` and `narrow` too, with a kernel of `fold_image_kernel`.
"""

import jax
import jax.numpy as jnp
from jax import lax

_LAYOUT = ("NHWC", "HWIO", "NHWC")
CORNERS = [(row, column) for row in (0, 1) for column in (0, 1)]


def to_blocks(x: jax.Array) -> jax.Array:
  """Maps `[B, H, W, C]` to blocks.

  An odd side gets one more zero row or column.
  """
  _, height, width, _ = x.shape
  padding = ((0, 0), (1, 1 + height % 2), (1, 1 + width % 2), (0, 0))
  return cells(jnp.pad(x, padding), 2)


def cells(x: jax.Array, size: int) -> jax.Array:
  """Maps `[B, H, W, C]` to `[B, H/size, W/size, size * size * C]`."""
  batch, height, width, channels = x.shape
  x = x.reshape(batch, height // size, size, width // size, size, channels)
  return x.swapaxes(2, 3).reshape(
    batch, height // size, width // size, size * size * channels
  )


def from_blocks(blocks: jax.Array) -> jax.Array:
  """Maps blocks to `[B, H, W, C]`, H and W even: inverts `to_blocks`."""
  return pixels(blocks, 2)[:, 1:-1, 1:-1]


def pixels(x: jax.Array, size: int) -> jax.Array:
  """Inverts `cells`."""
  batch, rows, columns, channels = x.shape
  channels //= size * size
  x = x.reshape(batch, rows, columns, size, size, channels).swapaxes(2, 3)
  return x.reshape(batch, size * rows, size * columns, channels)


def fold(kernel: jax.Array) -> jax.Array:
  """Maps a kernel `[4, 4, I, O]` to `[2, 2, 4I, O]`, which works on blocks."""
  _, _, inputs, outputs = kernel.shape
  kernel = kernel.reshape(2, 2, 2, 2, inputs, outputs)
  return kernel.swapaxes(1, 2).reshape(2, 2, 4 * inputs, outputs)


def fold_image_kernel(kernel: jax.Array) -> jax.Array:
  """Maps a kernel `[4, 4, C, O]` to `[2, 2, 4O, 16C]`, for cells of the image.

  The part of the image that a block of 2x2 features covers spans 2x2 cells of
  4x4 pixels.
  """
  _, _, channels, outputs = kernel.shape
  windows = jnp.stack(
    [
      jnp.pad(
        kernel,
        ((1 + 2 * r, 3 - 2 * r), (1 + 2 * c, 3 - 2 * c), (0, 0), (0, 0)),
      )
      for r, c in CORNERS
    ]
  )
  windows = windows.reshape(4, 2, 4, 2, 4, channels, outputs)
  # The cell before a block in the image is the last that it is correlated with.
  folded = windows[:, ::-1, :, ::-1].transpose(1, 3, 0, 6, 2, 4, 5)
  return folded.reshape(2, 2, 4 * outputs, 16 * channels)


def _shifted(y: jax.Array) -> jax.Array:
  """Maps `[B, P, Q, O]` to `[B, P + 1, Q + 1, 4O]`: one shift for each corner.

  The four shifts of a map stand side by side in the channels.
  """
  outputs = y.shape[-1]
  # XLA computes this sum in one pass; a concatenation would take several.
  return jnp.asarray(
    sum(
      jnp.pad(
        y, ((0, 0), (r, 1 - r), (c, 1 - c), (i * outputs, (3 - i) * outputs))
      )
      for i, (r, c) in enumerate(CORNERS)
    )
  )


def _correlate(blocks: jax.Array, folded: jax.Array) -> jax.Array:
  return lax.conv_general_dilated(
    blocks, folded, (1, 1), "VALID", dimension_numbers=_LAYOUT
  )


def _spread(y: jax.Array, folded: jax.Array) -> jax.Array:
  flipped = folded[::-1, ::-1].swapaxes(2, 3)
  return lax.conv_general_dilated(
    y, flipped, (1, 1), ((1, 1), (1, 1)), dimension_numbers=_LAYOUT
  )


def _kernel_gradient(blocks: jax.Array, y: jax.Array) -> jax.Array:
  """Returns the gradient `[2, 2, I, O]` of `sum(y * _correlate(blocks, .))`."""
  inputs, outputs = blocks.shape[-1], y.shape[-1]
  shifted = _shifted(y)
  if inputs <= 4 * outputs:
    products = _sum_of_products(blocks, shifted)
    return products.reshape(inputs, 2, 2, outputs).transpose(1, 2, 0, 3)
  products = _sum_of_products(shifted, blocks)
  return products.reshape(2, 2, outputs, inputs).swapaxes(2, 3)


def _sum_of_products(x: jax.Array, y: jax.Array) -> jax.Array:
  """Maps `[B, P, Q, I]` and `[B, P, Q, O]` to `[I, O]`; faster where I <= O."""
  # XLA's CPU backend is faster at several sums of long columns than at one.
  groups = 4 if len(x) % 4 == 0 else 1
  products = lax.dot_general(
    x.reshape(groups, -1, x.shape[-1]),
    y.reshape(groups, -1, y.shape[-1]),
    (((1,), (1,)), ((0,), (0,))),
  )
  return products.sum(axis=0)


@jax.custom_vjp
def narrow(blocks: jax.Array, folded: jax.Array) -> jax.Array:
  """Returns the strided convolution, from blocks to pixels.

  Args:
    blocks: `[B, P, Q, 4I]`.
    folded: `[2, 2, 4I, O]`, a folded kernel.

  Returns:
    `[B, P - 1, Q - 1, O]`.
  """
  return _correlate(blocks, folded)


def _narrow_forward(
  blocks: jax.Array, folded: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
  return narrow(blocks, folded), (blocks, folded)


def _narrow_backward(
  residual: tuple[jax.Array, jax.Array], g: jax.Array
) -> tuple[jax.Array, jax.Array]:
  blocks, folded = residual
  return _spread(g, folded), _kernel_gradient(blocks, g)


narrow.defvjp(_narrow_forward, _narrow_backward)


@jax.custom_vjp
def widen(y: jax.Array, folded: jax.Array) -> jax.Array:
  """Returns the transposed convolution, from pixels to blocks.

  It is the adjoint of `narrow`.

  Args:
    y: `[B, P, Q, O]`.
    folded: `[2, 2, 4I, O]`, the folded kernel of the strided convolution.

  Returns:
    `[B, P + 1, Q + 1, 4I]`; the values on the border are NOT zero.
  """
  return _spread(y, folded)


def _widen_forward(
  y: jax.Array, folded: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
  return widen(y, folded), (y, folded)


def _widen_backward(
  residual: tuple[jax.Array, jax.Array], g: jax.Array
) -> tuple[jax.Array, jax.Array]:
  y, folded = residual
  return _correlate(g, folded), _kernel_gradient(g, y)


widen.defvjp(_widen_forward, _widen_backward)


@jax.custom_vjp
def add_bias(blocks: jax.Array, bias: jax.Array) -> jax.Array:
  """Adds `[C]` to each pixel of `[B, P, Q, 4C]`, and -inf to the border.

  The ReLU that has to follow turns the border and its gradient into zeros.
  """
  shape = (1, 2 * blocks.shape[1] - 2, 2 * blocks.shape[2] - 2, len(bias))
  image = jnp.broadcast_to(bias, shape)
  around = ((0, 0), (1, 1), (1, 1), (0, 0))
  return blocks + cells(jnp.pad(image, around, constant_values=-jnp.inf), 2)


def _add_bias_forward(
  blocks: jax.Array, bias: jax.Array
) -> tuple[jax.Array, None]:
  return add_bias(blocks, bias), None


def _add_bias_backward(_: None, g: jax.Array) -> tuple[jax.Array, jax.Array]:
  # As a product, because XLA's CPU backend sums over rows on one core only.
  sums = _sum_of_products(jnp.ones((*g.shape[:3], 1), g.dtype), g)
  return g, sums.reshape(4, -1).sum(axis=0)


add_bias.defvjp(_add_bias_forward, _add_bias_backward)
