"""dSprites (Matthey et al. 2017), rendered from its factors.

The 737,280 binary images are the grid of shape (3 values), scale (6),
orientation (40), x (32) and y (32), in row-major order as in the original file:
y changes fastest. (The colour factor of the file has only one value and is left
out.)
`sprites` says how close the images are to the original.
"""

from typing import TypedDict

import numpy as np

from cascade_jax.data import sprites
from cascade_jax.data.dataset import Dataset, empty_images
from cascade_jax.errors import UserError

FACTOR_NAMES = ("shape", "scale", "orientation", "x", "y")
FACTOR_SIZES = (3, 6, 40, 32, 32)
DOWNSAMPLINGS = ("every_second", "mean")

# The grey level of a 2x2 block by the number of its pixels that are on, 0..4.
_GREY_LEVELS = np.rint(np.arange(5) * 255 / 4).astype(np.uint8)


class Options(TypedDict, total=False):
  """The options of `load`, all but the rows of the original."""

  image_size: int
  downsample: str
  num_orientations: int


def render(factors: np.ndarray) -> np.ndarray:
  """Renders images from factors.

  Args:
    factors: `[n, 5]` integers: shape (0 square, 1 ellipse, 2 heart), scale,
      orientation, x, y, each counted from 0.

  Returns:
    `[n, 64, 64]` uint8, 0 or 1.

  Raises:
    UserError: the factors have a wrong shape or type, or one is out of range.
  """
  factors = _checked_factors(factors)
  images = np.empty((len(factors), sprites.SIZE, sprites.SIZE), np.uint8)
  distinct, inverse = np.unique(factors[:, :3], axis=0, return_inverse=True)
  for index, sprite in enumerate(distinct):
    chosen = np.flatnonzero(inverse.ravel() == index)
    x, y = factors[chosen, 3], factors[chosen, 4]
    images[chosen] = _pixels(sprites.render_everywhere(*sprite)[x, y])
  return images


def load(
  image_size: int = 64,
  downsample: str = "every_second",
  num_orientations: int = 40,
  rows: np.ndarray | None = None,
) -> Dataset:
  """Renders the data set, or takes its images from the original's rows.

  Args:
    image_size: 64, or 32 for images of half the size.
    downsample: the way from 64 to 32 pixels: "every_second" row and column
      (the images stay binary), or the "mean" of 2x2 pixels (five grey levels).
    num_orientations: how many of the 40 orientations to keep, from the first
      on; they are 9.2 degrees apart. With fewer than 40 the data set is an
      easier one, and its name says so.
    rows: `[737280, 64]` uint64 of the original (see `dsprites_files`).

  Returns:
    The data set; binary images are packed, 377 MB at 64 pixels.

  Raises:
    UserError: an option is wrong; the message says which values are allowed.
  """
  _check_options(image_size, downsample, num_orientations)
  if rows is not None:
    rows = rows.reshape(*FACTOR_SIZES, sprites.SIZE)
  sizes = (3, 6, num_orientations, 32, 32)
  grey = image_size == 32 and downsample == "mean"
  num_bytes = image_size**2 if grey else image_size**2 // 8
  images = empty_images((*sizes, num_bytes))
  for sprite in np.ndindex(sizes[:3]):  # shape, scale, orientation
    if rows is None:
      everywhere = sprites.render_everywhere(*sprite)
    else:
      everywhere = rows[sprite]
    shrunk = _shrunk(everywhere, image_size, grey)
    images[sprite] = shrunk.reshape(32, 32, -1)
  count = int(np.prod(sizes))
  shape = (image_size, image_size, 1)
  source = "rendered" if rows is None else "original"
  return Dataset(
    name=_name(source, image_size, downsample, num_orientations),
    images=images.reshape(count, *(shape if grey else (num_bytes,))),
    image_shape=shape,
    bits=8 if grey else 1,
    factors=factor_grid(sizes),
    factor_names=FACTOR_NAMES,
    factor_sizes=sizes,
    class_factor="shape",
    class_names=sprites.SHAPES,
  )


def factor_grid(sizes: tuple[int, ...]) -> np.ndarray:
  """Returns all combinations of F factors, `[N, F]` uint8, the last fastest."""
  return np.indices(sizes, np.uint8).reshape(len(sizes), -1).T


def _shrunk(rows: np.ndarray, image_size: int, grey: bool) -> np.ndarray:
  """Converts the images of a sprite to the format of `Dataset.images`.

  Args:
    rows: `[32, 32, 64]` uint64, a bit per pixel.
    image_size: 32 or 64.
    grey: whether to take means of 2x2 pixels instead of every second pixel.

  Returns:
    uint8; of each image at its position, packed bytes or grey pixels.
  """
  if image_size == sprites.SIZE:
    return rows.astype("<u8").view(np.uint8)
  pixels = _pixels(rows)
  if grey:
    upper, lower = pixels[:, :, ::2], pixels[:, :, 1::2]
    columns = upper + lower
    return _GREY_LEVELS[columns[..., ::2] + columns[..., 1::2]]
  halved = pixels[:, :, ::2, ::2].reshape(32, 32, -1)
  return np.packbits(halved, axis=-1, bitorder="little")


def _pixels(rows: np.ndarray) -> np.ndarray:
  """Unpacks rows of bits `[..., 64]` uint64 to pixels `[..., 64, 64]` uint8."""
  row_bytes = np.ascontiguousarray(rows).astype("<u8")[..., None].view(np.uint8)
  return np.unpackbits(row_bytes, axis=-1, bitorder="little")


def _name(
  source: str, image_size: int, downsample: str, num_orientations: int
) -> str:
  """The name of the data set, which shows each deviation from the original."""
  name = f"dSprites, {source}"
  if image_size == 32:
    methods = {"every_second": "every second pixel", "mean": "2x2 means"}
    name += f", 32x32 ({methods[downsample]})"
  if num_orientations < 40:
    name += f", first {num_orientations} of 40 orientations"
  return name


def _checked_factors(factors: np.ndarray) -> np.ndarray:
  """The factors `[n, 5]` in int64, each in its range."""
  factors = np.asarray(factors)
  if factors.ndim != 2 or factors.shape[1] != len(FACTOR_NAMES):
    raise UserError(
      f"factors must have shape [n, 5] {FACTOR_NAMES}, got {factors.shape}"
    )
  if not np.issubdtype(factors.dtype, np.integer):
    raise UserError(f"factors must be integers, got {factors.dtype}")
  outside = (factors < 0) | (factors >= FACTOR_SIZES)
  if outside.any():
    row, column = np.argwhere(outside)[0]
    raise UserError(
      f"factors[{row}, {column}] ({FACTOR_NAMES[column]}) is "
      f"{factors[row, column]}; it must lie in 0..{FACTOR_SIZES[column] - 1}"
    )
  return factors.astype(np.int64)


def _check_options(
  image_size: int, downsample: str, num_orientations: int
) -> None:
  if image_size not in (32, 64):
    raise UserError(f"dSprites comes in 32 or 64 pixels, not {image_size}")
  if downsample not in DOWNSAMPLINGS:
    raise UserError(
      f"downsample is {downsample!r}; it must be one of {DOWNSAMPLINGS}"
    )
  if not 1 <= num_orientations <= 40:
    raise UserError(
      f"num_orientations is {num_orientations}; it must lie in 1..40"
    )
