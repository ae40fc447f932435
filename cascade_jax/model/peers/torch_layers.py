"""Weights of PyTorch's layers as weights of ours.

PyTorch lays images out as [C, H, W] and this package as [H, W, C]. So kernels
are transposed, and the rows or columns of a dense layer beside a grid of 4x4
features are put in another order.
"""

from collections.abc import Mapping

import numpy as np

_GRID = (4, 4)

Weights = Mapping[str, np.ndarray]  # a state_dict in NumPy
Layer = dict[str, np.ndarray]  # kernel and bias of a Flax layer


def dense(weights: Weights, name: str) -> Layer:
  """Returns a `Linear`, whose weight is [outputs, inputs]."""
  return _layer(weights[f"{name}.weight"].T, weights[f"{name}.bias"])


def dense_of_grid(weights: Weights, name: str) -> Layer:
  """Returns a `Linear` whose inputs are features [C, 4, 4], flattened."""
  kernel = weights[f"{name}.weight"].T  # [C * 16, outputs]
  rows = kernel.reshape(-1, *_GRID, kernel.shape[-1]).transpose(1, 2, 0, 3)
  return _layer(rows.reshape(kernel.shape), weights[f"{name}.bias"])


def dense_to_grid(weights: Weights, name: str) -> Layer:
  """Returns a `Linear` whose outputs are features [C, 4, 4], flattened."""
  weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
  rows = weight.reshape(-1, *_GRID, weight.shape[-1]).transpose(1, 2, 0, 3)
  columns = bias.reshape(-1, *_GRID).transpose(1, 2, 0)
  return _layer(rows.reshape(weight.shape).T, columns.reshape(-1))


def convolution(weights: Weights, name: str) -> Layer:
  """Returns a `Conv2d` or `ConvTranspose2d`, 4x4, stride 2, padding 1.

  The weight of the one is [outputs, inputs, 4, 4], that of the other [inputs,
  outputs, 4, 4]; our kernel of a transposed convolution is that of the
  convolution it is the gradient of. So the same axes change places.
  """
  kernel = weights[f"{name}.weight"].transpose(2, 3, 1, 0)
  return _layer(kernel, weights[f"{name}.bias"])


def side_by_side(layers: list[Layer]) -> Layer:
  """Returns one dense layer with the outputs of several, in turn."""
  return {
    key: np.concatenate([layer[key] for layer in layers], axis=-1)
    for key in ("kernel", "bias")
  }


def _layer(kernel: np.ndarray, bias: np.ndarray) -> Layer:
  return {
    "kernel": np.ascontiguousarray(kernel, np.float32),
    "bias": np.ascontiguousarray(bias, np.float32),
  }
