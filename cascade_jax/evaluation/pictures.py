"""The arrays that pictures of a trained model show.

Shapes: m continuous dimensions, D discrete variables, K images.
"""

import math
from collections.abc import Callable

import jax
import numpy as np

from cascade_jax import data
from cascade_jax.types import Representation

_TRAVERSAL_VALUES = np.linspace(-1, 1, 21, dtype=np.float32)
_NUM_RECONSTRUCTIONS = 16


def traversals(
  decode: Callable[..., jax.Array],
  sizes: tuple[int, ...],
  start: np.ndarray,
  values: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
  """Returns images with one dimension moved and the others where they start.

  Args:
    decode: latents `[K, m]` and joint categories `[K]` to mean images.
    sizes: categories of each discrete variable that is in use; each joint
      category has a row.
    start: `[m]`, the values of the dimensions that do not move.
    values: of the dimension that moves, a frame each; by default from -1 to 1.
  """
  if values is None:
    values = _TRAVERSAL_VALUES
  m = len(start)
  categories = range(math.prod(sizes)) if sizes else (-1,)
  moved = np.eye(m, dtype=bool)  # [m, m]: which dimension of which picture
  latents = np.where(moved, values[:, None, None], start).reshape(-1, m)
  rows = [
    np.asarray(decode(latents, np.full(len(latents), category)))
    for category in categories
  ]
  frames = np.stack(rows, axis=1)  # [T * m, R, H, W, C]
  frames = frames.reshape(len(values), m, *frames.shape[1:]).swapaxes(1, 2)
  row_categories = np.zeros((len(rows), 0), np.float64)
  if sizes:
    row_categories = np.stack(np.unravel_index(categories, sizes), 1)
  return {
    "traversals": frames,
    "traversal_values": values,
    "traversal_categories": row_categories,
  }


def shown_images(num_images: int) -> np.ndarray:
  """Returns the indices of the images whose reconstructions are shown."""
  count = min(_NUM_RECONSTRUCTIONS, num_images)
  return np.random.default_rng(1).choice(num_images, count, replace=False)


def reconstructions(
  decode: Callable[..., jax.Array],
  dataset: data.DeviceDataset | data.StreamedDataset,
  shown: np.ndarray,
  codes: Representation[np.ndarray],
  sizes: tuple[int, ...],
) -> dict[str, np.ndarray]:
  """Returns a few images, and what the decoder makes of their codes.

  Args:
    decode: latents `[K, m]` and joint categories `[K]` to mean images.
    dataset: on the device.
    shown: `[K]`, indices of the images.
    codes: of these images.
    sizes: categories of each discrete variable that is in use.
  """
  part, places = dataset.part(shown)
  originals = part.batch(places).images
  joint = np.full(len(shown), -1)
  if sizes:
    joint = np.ravel_multi_index(tuple(codes.categories.T), sizes)
  return {
    "originals": np.asarray(originals),
    "reconstructions": np.asarray(decode(codes.mean, joint)),
    "reconstruction_categories": codes.categories,
  }
