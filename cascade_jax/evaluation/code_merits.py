"""Merits of a discrete code: they need the model and images, but no labels.

Shapes: N images, B batch, D discrete variables, K joint codes, m continuous
dimensions, H W C image.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import logit
from scipy.stats import entropy

from cascade_jax.backend import backend
from cascade_jax.data import DeviceDataset, StreamedDataset
from cascade_jax.evaluation.represent import in_batches
from cascade_jax.losses import reconstruction_nll
from cascade_jax.methods import Method
from cascade_jax.types import Representation

PROTOCOL = {
  "category_balance": (
    "Entropy of the shares of the joint codes, divided by the log of their "
    "number."
  ),
  "unary_gap": (
    "Reconstruction under the second-best joint code minus that under the "
    "best, nats, mean over images; decoded at the posterior mean, decoded "
    "probabilities being kept 1e-7 from 0 and 1."
  ),
  "code_stability": (
    "Share of images whose joint code stays the same when the image is shifted "
    "by one pixel, mean over the four directions. At the border that the image "
    "leaves, its last row or column is repeated. This assumes that such a "
    "shift changes no category."
  ),
}
SHIFTS = ((1, 0), (-1, 0), (0, 1), (0, -1))  # pixels down, pixels right

# A float32 closer to 1 is 1, whose wrong pixel would cost infinitely much.
_MARGIN = float(np.finfo(np.float32).eps)

# Maps parameters, indices [N] and these images' representation to merits.
CodeMerits = Callable[
  [Any, np.ndarray, Representation[np.ndarray]], dict[str, float | None]
]


def compile_code_merits(
  method: Method,
  dataset: DeviceDataset | StreamedDataset,
  likelihood: str,
) -> CodeMerits:
  """Returns the function to the merits that `PROTOCOL` defines, by name.

  They are None for a representation without a discrete code.

  Args:
    method: of the parameters.
    dataset: the images.
    likelihood: of pixels, one of `losses.LIKELIHOODS`.
  """

  @jax.jit
  def gaps_of(
    params: Any, dataset: DeviceDataset, indices: jax.Array, mean: jax.Array
  ) -> jax.Array:
    images = dataset.batch(indices).images
    costs = decoded_costs(method, likelihood, params, images, mean)
    least = -lax.top_k(-costs, 2)[0]
    return least[:, 1] - least[:, 0]

  @jax.jit
  def codes_after(
    params: Any, dataset: DeviceDataset, indices: jax.Array, shift: jax.Array
  ) -> jax.Array:
    images = shifted(dataset.batch(indices).images, shift)
    return method.represent(params, images, True).categories

  def merits(
    params: Any, indices: np.ndarray, inferred: Representation[np.ndarray]
  ) -> dict[str, float | None]:
    count, num_variables = inferred.categories.shape
    if not num_variables:
      return dict.fromkeys(PROTOCOL)
    gaps, codes = [], []
    for rows in in_batches(np.arange(count), backend().representation_batch):
      batch = params, *dataset.part(indices[rows])
      gaps.append(gaps_of(*batch, inferred.mean[rows]))
      codes.append([codes_after(*batch, np.array(shift)) for shift in SHIFTS])
    gap = np.concatenate(jax.device_get(gaps))[:count]
    after = np.concatenate(jax.device_get(codes), axis=1)[:, :count]
    return {
      "category_balance": balance(inferred.categories, method.num_categories),
      "unary_gap": float(gap.mean(dtype=np.float64)),
      "code_stability": float((after == inferred.categories).all(-1).mean()),
    }

  return merits


def balance(categories: np.ndarray, num_categories: tuple[int, ...]) -> float:
  """Returns the entropy of the joint codes' shares, in units of log K.

  Args:
    categories: `[N, D]`.
    num_categories: of each variable.
  """
  joint = np.ravel_multi_index(tuple(categories.T), num_categories)
  shares = np.bincount(joint) / len(joint)
  return float(entropy(shares) / np.log(math.prod(num_categories)))


def decoded_costs(
  method: Method,
  likelihood: str,
  params: Any,
  images: jax.Array,
  latents: jax.Array,
) -> jax.Array:
  """Returns -log p(x | z, code) of all joint codes, nats `[B, K]`.

  It takes the decoder's mean images, which every method gives.

  Args:
    method: of the parameters.
    likelihood: of pixels.
    params: of the networks.
    images: `[B, H, W, C]`.
    latents: `[B, m]`, the same for each code.
  """
  num_codes = math.prod(method.num_categories)
  means = method.decode(
    params,
    jnp.tile(latents, (num_codes, 1)),
    jnp.repeat(jnp.arange(num_codes), len(images)),
  )
  logits = logit(jnp.clip(means, _MARGIN, 1 - _MARGIN))
  repeated = jnp.tile(images, (num_codes, 1, 1, 1))
  nlls = reconstruction_nll(likelihood, repeated, logits)
  return nlls.reshape(num_codes, -1).T


def shifted(images: jax.Array, shift: jax.Array) -> jax.Array:
  """Returns images `[B, H, W, C]` moved by at most one pixel each way.

  Args:
    images: whose border is repeated where it leaves a gap.
    shift: `[2]` integers in -1..1, pixels down and pixels right.
  """
  padded = jnp.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
  start = (0, 1 - shift[0], 1 - shift[1], 0)
  return lax.dynamic_slice(padded, start, images.shape)
