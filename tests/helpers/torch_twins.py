"""Slow twins of PyTorch's layers in NumPy, and random weights for them.

Images are [N, C, H, W]. Convolutions have 4x4 kernels, stride 2, padding 1.
"""

import numpy as np


def conv2d(x, weight, bias):
  """`weight` is [outputs, inputs, 4, 4]."""
  padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
  size = x.shape[2] // 2
  out = np.zeros((len(x), len(weight), size, size))
  for i in range(4):
    for j in range(4):
      seen = padded[:, :, i : i + 2 * size : 2, j : j + 2 * size : 2]
      out += np.einsum("nchw,oc->nohw", seen, weight[:, :, i, j])
  return out + bias[:, None, None]


def conv_transpose2d(x, weight, bias):
  """`weight` is [inputs, outputs, 4, 4]."""
  size = 2 * x.shape[2]
  out = np.zeros((len(x), weight.shape[1], size + 2, size + 2))
  for i in range(4):
    for j in range(4):
      out[:, :, i : i + size : 2, j : j + size : 2] += np.einsum(
        "nchw,co->nohw", x, weight[:, :, i, j]
      )
  return out[:, :, 1:-1, 1:-1] + bias[:, None, None]


def linear(x, weight, bias):
  """`weight` is [outputs, inputs]."""
  return x @ weight.T + bias


class Weights(dict):
  """A state_dict of random weights, in the shapes that PyTorch has."""

  def __init__(self):
    super().__init__()
    self._rng = np.random.default_rng(0)

  def add(self, name, *shape, num_biases=None):
    """Adds a layer; its outputs are the first axis, unless they are named."""
    scale = 1 / np.sqrt(np.prod(shape[1:]))
    weight = scale * self._rng.normal(size=shape)
    bias = 0.1 * self._rng.normal(size=num_biases or shape[0])
    self[f"{name}.weight"] = weight.astype(np.float32)
    self[f"{name}.bias"] = bias.astype(np.float32)

  def apply(self, layer, name, x):
    """Applies a layer."""
    return layer(x, self[f"{name}.weight"], self[f"{name}.bias"])
