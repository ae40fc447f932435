"""What is done to the continuous dimensions of a model between two steps.

Each function maps the networks' parameters to new ones, on the host, in NumPy.
The encoder's last layer and the decoder's first are linear, so dimensions can
be reordered and turned there without touching anything else.

Shapes: N images, m continuous dimensions, S categories, h hidden units.
"""

import warnings
from typing import Any

import jax
import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning

from cascade_jax.types import Params

# Of a revived dimension: softplus(-3) = 0.05, a posterior that the decoder can
# read at once, and means far enough apart for it. With fresh weights alone the
# posterior scale is about 0.7 and the dimension stays at KL 0.
_QUIET_BIAS = -3.0
_MEAN_GAIN = 8.0


def reordered(params: Params, order: np.ndarray) -> Params:
  """Returns the same model with dimension `order[j]` as its j-th.

  Args:
    params: with `encoder` and `decoder`.
    order: `[m]`, a permutation.
  """
  latents = _Latents(params, len(order))
  columns = np.concatenate([order, len(order) + order])
  latents.head_kernel[:] = latents.head_kernel[:, columns]
  latents.head_bias[:] = latents.head_bias[columns]
  latents.decoder_kernel[: len(order)] = latents.decoder_kernel[order]
  return latents.params


def aligned(params: Params, means: np.ndarray, used: np.ndarray) -> Params:
  """Returns the model with its used dimensions turned to independent axes.

  Factors that are worth the same, such as x and y, may be encoded in a frame
  that is turned by any angle: nothing but their independence prefers the axes.
  Independent component analysis finds these (Hyvarinen & Oja 2000); the
  rotation that comes nearest to its unmixing is applied. Posterior means and
  what the decoder makes of them stay the same; scales, which are diagonal, are
  mixed by the squares of the rotation, exactly so where they are equal.

  Args:
    params: with `encoder` and `decoder`.
    means: `[N, m]`, posterior means of a sample of images.
    used: indices of the dimensions to turn, two or more.
  """
  rotation = independent_axes(means[:, used]).astype(np.float32)
  m = means.shape[1]
  latents = _Latents(params, m)
  for columns, turn in ((used, rotation), (m + used, rotation**2)):
    latents.head_kernel[:, columns] = latents.head_kernel[:, columns] @ turn.T
    latents.head_bias[columns] = turn @ latents.head_bias[columns]
  latents.decoder_kernel[used] = rotation @ latents.decoder_kernel[used]
  return latents.params


def independent_axes(points: np.ndarray) -> np.ndarray:
  """Returns the rotation `[n, n]` of points `[N, n]` to independent axes.

  Row j is the j-th new axis. Signs and order are those that come nearest to the
  old axes, so that points with independent columns are hardly turned.
  """
  centred = points - points.mean(axis=0)
  variances, vectors = np.linalg.eigh(np.cov(centred.T))
  root = vectors @ np.diag(np.sqrt(variances)) @ vectors.T
  ica = FastICA(whiten="unit-variance", max_iter=1_000, random_state=0)
  with warnings.catch_warnings():
    # Where no axes are independent any rotation will do.
    warnings.simplefilter("ignore", ConvergenceWarning)
    unmixing = ica.fit(centred).components_ @ root  # of whitened points
  left, _, right = np.linalg.svd(unmixing)
  return _nearest_to_identity(left @ right)


def _nearest_to_identity(rotation: np.ndarray) -> np.ndarray:
  """Orders and flips the rows of a rotation."""
  rows = linear_sum_assignment(-np.abs(rotation.T))[1]
  ordered = rotation[rows]
  return ordered * np.where(np.diag(ordered) < 0, -1, 1)[:, None]


def revived(
  params: Params, dimensions: np.ndarray, m: int, key: jax.Array
) -> Params:
  """Returns the model with fresh weights for dimensions that have died.

  Under a heavy KL weight a dimension's weights decay to 0, and once relieved it
  stays there. Fresh ones start with a small posterior scale (a "quiet"
  dimension), so that the decoder can read it from the first step on.

  Args:
    params: with `encoder` and `decoder`.
    dimensions: indices of those to revive.
    m: number of continuous dimensions.
    key: of the fresh weights.
  """
  latents = _Latents(params, m)
  glorot = jax.nn.initializers.glorot_uniform()
  decoder_key, encoder_key = jax.random.split(key)
  rows = np.asarray(glorot(decoder_key, latents.decoder_kernel.shape))
  columns = np.asarray(glorot(encoder_key, latents.head_kernel.shape))
  scales = m + dimensions
  latents.decoder_kernel[dimensions] = rows[dimensions]
  latents.head_kernel[:, dimensions] = _MEAN_GAIN * columns[:, dimensions]
  latents.head_kernel[:, scales] = columns[:, scales]
  latents.head_bias[dimensions] = 0
  latents.head_bias[scales] = _QUIET_BIAS
  return latents.params


class _Latents:
  """A copy of the parameters, with views of those that touch the latents.

  Attributes:
    params: the copy.
    head_kernel: `[h, 2 m]`, columns of the means, then of the scales.
    head_bias: `[2 m]`.
    decoder_kernel: `[m + S, h]`, rows of the latents, then of the code.
  """

  def __init__(self, params: Params, m: int) -> None:
    self.params: Params = jax.tree.map(np.array, params)
    head: dict[str, Any] = self.params["encoder"]["params"]["head"]
    hidden: dict[str, Any] = self.params["decoder"]["params"]["hidden"]
    self.head_kernel, self.head_bias = head["kernel"], head["bias"]
    self.decoder_kernel = hidden["kernel"]
    assert self.head_bias.shape == (2 * m,), self.head_bias.shape
