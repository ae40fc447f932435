"""dSprites with a random colour or on random noise, rendered.

The variants of Locatello et al. 2019, "Challenging Common Assumptions in the
Unsupervised Learning of Disentangled Representations": what they add to
dSprites is no factor, but an encoder has to cope with it.

- `dsprites_color`: the object has a random colour, each channel uniform in
  [0.5, 1], on black.
- `dsprites_noisy`: the object is white, on noise that is uniform in [0, 1] in
  each pixel and channel.

There, an image is coloured anew each time it is drawn. Here, colour and noise
are a function of the image's place in the grid of factors, so each image stays
the same, in every run and in every subset.
"""

from typing import Unpack

import numpy as np

from cascade_jax.data import dsprites
from cascade_jax.data.dataset import Dataset, empty_images
from cascade_jax.data.on_host import HostImages
from cascade_jax.errors import UserError

_SEED = 0
_CHUNK = 256  # images that are unpacked at once


def _color(levels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  return np.rint(levels * rng.uniform(127.5, 255, 3).astype(np.float32))


def _noisy(levels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  noise = rng.integers(256, size=(*levels.shape[:2], 3), dtype=np.uint8)
  return np.minimum(np.rint(np.float32(255) * levels) + noise, 255)


# What is painted, and the function that does it: from the levels `[S, S, 1]` of
# an image in [0, 1] to `[S, S, 3]` in [0, 255].
_VARIANTS = {
  "dsprites_color": ("random colours", _color),
  "dsprites_noisy": ("noise", _noisy),
}
NAMES = tuple(_VARIANTS)


def load(
  variant: str, num_images: int, **options: Unpack[dsprites.Options]
) -> Dataset:
  """Renders one of the variants.

  Args:
    variant: one of `NAMES`.
    num_images: at most so many images, a random subset in the order of the
      grid. All 737,280 take 9 GB at 64 pixels.
    **options: of `dsprites.load`.

  Returns:
    The data set, images `[num_images, S, S, 3]`.

  Raises:
    UserError: an option is wrong.
  """
  painted, paint = _VARIANTS[variant]
  if num_images < 1:
    raise UserError(f"data.num_images is {num_images}; it must be 1 or more")
  plain = dsprites.load(**options)
  assert plain.factors is not None
  count = len(plain.images)
  order = np.random.default_rng(_SEED).permutation(count)
  places = np.sort(order[:num_images])
  shape = (*plain.image_shape[:2], 3)
  images = empty_images((len(places), *shape))
  for start in range(0, len(places), _CHUNK):
    chunk = places[start : start + _CHUNK]
    for offset, levels in enumerate(HostImages(plain)[chunk]):
      rng = np.random.default_rng((_SEED, chunk[offset]))
      images[start + offset] = paint(levels, rng)
  subset = f", {num_images:,} of {count:,} images" * (num_images < count)
  return plain._replace(
    name=f"{plain.name}, {painted}{subset}",
    images=images,
    image_shape=shape,
    bits=8,
    factors=plain.factors[places],
  )
