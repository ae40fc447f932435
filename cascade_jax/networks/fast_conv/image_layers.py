"""The two convolutions next to the image, which has few channels.

Backward they are `blocks.widen` and `blocks.narrow` on cells of 4x4 pixels,
which do four times the arithmetic of a 4x4 kernel. Forward, where the decoder
passes over all categories, each is one product with 4x4 windows of the image.

Shapes: B batch, H W height and width of the image (multiples of 4), C its
channels, O channels of the features.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from cascade_jax.networks.fast_conv import blocks as blocks_lib

_Arrays = tuple[jax.Array, jax.Array]  # inputs of a layer, or their gradients
_Layer = Callable[[jax.Array, jax.Array], jax.Array]
_Backward = Callable[[_Arrays, jax.Array], _Arrays]


@jax.custom_vjp
def image_to_blocks(images: jax.Array, kernel: jax.Array) -> jax.Array:
  """Returns the strided convolution of images, as blocks.

  Args:
    images: `[B, H, W, C]`.
    kernel: `[4, 4, C, O]`.

  Returns:
    `[B, H/4 + 1, W/4 + 1, 4O]`; the values on the border are NOT zero.
  """
  channels, outputs = kernel.shape[2:]
  padded = jnp.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)))
  pairs = blocks_lib.cells(padded, 2)
  _, rows, columns, _ = pairs.shape
  windows = jnp.concatenate(
    [
      pairs[:, r : rows - 1 + r, c : columns - 1 + c]
      for r, c in blocks_lib.CORNERS
    ],
    axis=-1,
  )
  windows = blocks_lib.cells(windows, 2)
  weights = blocks_lib.fold(kernel).reshape(16 * channels, outputs)
  features = windows.reshape(-1, len(weights)) @ weights
  return features.reshape(*windows.shape[:3], 4 * outputs)


@jax.custom_vjp
def blocks_to_image(features: jax.Array, kernel: jax.Array) -> jax.Array:
  """Returns the transposed convolution of blocks, as images.

  Args:
    features: `[B, H/4 + 1, W/4 + 1, 4O]`, zero on the border.
    kernel: `[4, 4, C, O]`, the kernel of the strided convolution.

  Returns:
    `[B, H, W, C]`.
  """
  outputs = kernel.shape[-1]
  # Each pixel of the features adds to the 16 places of a 4x4 window.
  windows = features.reshape(-1, outputs) @ kernel.reshape(-1, outputs).T
  windows = blocks_lib.pixels(windows.reshape(*features.shape[:3], -1), 2)
  windows = windows.reshape(*windows.shape[:3], 4, 4, -1)
  # Two windows cover each pixel from either side: first columns, then rows.
  left, right = windows[:, :, :-1], windows[:, :, 1:]
  even = right[..., 1, :][:, :, :-1] + left[..., 3, :][:, :, :-1]
  odd = left[..., 2, :][:, :, 1:] + right[..., 0, :][:, :, 1:]
  columns = jnp.stack([even, odd], axis=3)
  above, below = columns[:, :-1], columns[:, 1:]
  even = below[:, :-1, ..., 1, :] + above[:, :-1, ..., 3, :]
  odd = above[:, 1:, ..., 2, :] + below[:, 1:, ..., 0, :]
  images = jnp.stack([even, odd], axis=2)
  batch, height, _, width, _, channels = images.shape
  return images.reshape(batch, 2 * height, 2 * width, channels)


def _on_cells_to_blocks(images: jax.Array, kernel: jax.Array) -> jax.Array:
  folded = blocks_lib.fold_image_kernel(kernel)
  return blocks_lib.widen(blocks_lib.cells(images, 4), folded)


def _on_cells_to_image(features: jax.Array, kernel: jax.Array) -> jax.Array:
  folded = blocks_lib.fold_image_kernel(kernel)
  return blocks_lib.pixels(blocks_lib.narrow(features, folded), 4)


def _gradient_on_cells(layer: _Layer) -> _Backward:
  """Returns the backward rule of a layer, computed on cells."""

  def backward(residual: _Arrays, g: jax.Array) -> _Arrays:
    return jax.vjp(layer, *residual)[1](g)

  return backward


image_to_blocks.defvjp(
  lambda *args: (image_to_blocks(*args), args),
  _gradient_on_cells(_on_cells_to_blocks),
)
blocks_to_image.defvjp(
  lambda *args: (blocks_to_image(*args), args),
  _gradient_on_cells(_on_cells_to_image),
)
