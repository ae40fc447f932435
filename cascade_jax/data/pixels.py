"""The pixels of every data set: 256 levels, checked where they come in."""

from collections.abc import Iterator

import numpy as np

from cascade_jax.errors import UserError

_CHUNK = 1024  # images


def to_levels(
  images: np.ndarray, is_zero_one: bool | None = None
) -> np.ndarray:
  """Converts images to 256 levels after a check.

  Args:
    images: `[N, H, W]` or `[N, H, W, C]`: bool, uint8 (0 to 255, or only 0 and
      1) or float in [0, 1], which is rounded to 256 levels.
    is_zero_one: of images that are only a part of a data set, whether all of
      the data set `are_zero_one`.

  Returns:
    `[N, H, W, C]` uint8, 0 to 255. uint8 images with 0 and 1 only are binary,
    so their 1 becomes 255.

  Raises:
    UserError: the shape, the type or the range is another one.
  """
  images = np.asarray(images)
  check_shape(images.shape)
  if images.ndim == 3:
    images = images[..., None]
  if np.issubdtype(images.dtype, np.floating):
    _check_range(images)
    return _rounded(images)
  if images.dtype == bool:
    return images * np.uint8(255)
  if images.dtype != np.uint8:
    raise UserError(
      "images must be bool, uint8 or float in [0, 1], got "
      f"{images.dtype}; convert them with astype, 0 to 255 as numpy.uint8"
    )
  if is_zero_one is None:
    is_zero_one = are_zero_one(images)
  return images * np.uint8(255) if is_zero_one else images


def check_shape(shape: tuple[int, ...]) -> None:
  """Raises a UserError if `to_levels` takes no images of a shape."""
  if len(shape) not in (3, 4) or 0 in shape:
    raise UserError(
      "images must have shape [N, H, W] or [N, H, W, C], channels last and no "
      f"axis empty; got {shape}"
    )


def are_zero_one(images: np.ndarray) -> bool:
  """True if images `[N, ...]` are uint8, and all pixels are 0 or 1."""
  return images.dtype == np.uint8 and all(
    chunk.max() <= 1 for chunk in _chunks(images)
  )


def are_binary(levels: np.ndarray) -> bool:
  """True if all pixels of `to_levels` are 0 or 255."""
  return all(((chunk == 0) | (chunk == 255)).all() for chunk in _chunks(levels))


def _chunks(images: np.ndarray) -> Iterator[np.ndarray]:
  """Yields images in order, some at a time, so that little memory is taken."""
  return (images[k : k + _CHUNK] for k in range(0, len(images), _CHUNK))


def _rounded(images: np.ndarray) -> np.ndarray:
  """Rounds floats in [0, 1] to 256 levels."""
  levels = np.empty(images.shape, np.uint8)
  for chunk, rounded in zip(_chunks(images), _chunks(levels)):
    rounded[:] = np.rint(chunk * 255)
  return levels


def _check_range(images: np.ndarray) -> None:
  """Refuses float images outside of [0, 1] or with NaN."""
  lowest, highest = images.min(), images.max()
  if np.isnan(lowest):
    raise UserError(
      "float images must lie in [0, 1], but some pixels are NaN; replace them"
    )
  if lowest < 0 or highest > 1:
    raise UserError(
      f"float images must lie in [0, 1], got [{lowest:g}, {highest:g}]; shift "
      "and divide them, or convert 0 to 255 to numpy.uint8"
    )
