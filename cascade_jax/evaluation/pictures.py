"""The arrays that pictures of a trained model show.

Letters: m continuous dimensions, D discrete variables, K images.
"""

import math

import numpy as np

from cascade_jax import data

_TRAVERSAL_FRAMES = 21
_NUM_RECONSTRUCTIONS = 16


def traversals(decode, m, sizes) -> dict[str, np.ndarray]:
  """One dimension moved from -1 to 1, the others at 0; a row a joint code."""
  values = np.linspace(-1, 1, _TRAVERSAL_FRAMES, dtype=np.float32)
  categories = range(math.prod(sizes)) if sizes else (-1,)
  latents = (values[:, None, None] * np.eye(m, dtype=np.float32)).reshape(-1, m)
  rows = [
    np.asarray(decode(latents, np.full(len(latents), category)))
    for category in categories
  ]
  frames = np.stack(rows, axis=1)  # [T * m, R, H, W, C]
  frames = frames.reshape(len(values), m, *frames.shape[1:]).swapaxes(1, 2)
  each = np.stack(np.unravel_index(categories, sizes), 1) if sizes else []
  return {
    "traversals": frames,
    "traversal_values": values,
    "traversal_categories": np.reshape(each, (len(rows), len(sizes))),
  }


def shown_images(num_images: int) -> np.ndarray:
  """Indices of the few images that reconstructions are shown of."""
  count = min(_NUM_RECONSTRUCTIONS, num_images)
  return np.random.default_rng(1).choice(num_images, count, replace=False)


def reconstructions(
  decode, dataset, shown, codes, sizes
) -> dict[str, np.ndarray]:
  """A few images, and what the decoder makes of their codes."""
  rows = dataset.images[shown]
  originals = data.unpack(rows, dataset.image_shape, dataset.bits)
  joint = np.full(len(shown), -1)
  if sizes:
    joint = np.ravel_multi_index(tuple(codes.categories.T), sizes)
  return {
    "originals": np.asarray(originals),
    "reconstructions": np.asarray(decode(codes.mean, joint)),
    "reconstruction_categories": codes.categories,
  }
