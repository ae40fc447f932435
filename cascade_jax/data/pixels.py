"""The pixels of every data set: 256 levels, checked where they come in."""

import numpy as np

from cascade_jax.errors import UserError

_CHUNK = 1024  # images


def to_levels(images: np.ndarray) -> np.ndarray:
  """Converts images to 256 levels after a check.

  Args:
    images: `[N, H, W]` or `[N, H, W, C]`: bool, uint8 (0 to 255, or only 0 and
      1) or float in [0, 1], which is rounded to 256 levels.

  Returns:
    `[N, H, W, C]` uint8, 0 to 255. uint8 images with 0 and 1 only are binary,
    so their 1 becomes 255.

  Raises:
    UserError: the shape, the type or the range is another one.
  """
  images = np.asarray(images)
  if images.ndim == 3:
    images = images[..., None]
  if images.ndim != 4 or not images.size:
    raise UserError(
      "images must have shape [N, H, W] or [N, H, W, C], channels last and no "
      f"axis empty; got {images.shape}"
    )
  if np.issubdtype(images.dtype, np.floating):
    _check_range(images)
    return np.rint(images * 255).astype(np.uint8)
  if images.dtype == bool:
    return images * np.uint8(255)
  if images.dtype != np.uint8:
    raise UserError(
      "images must be bool, uint8 or float in [0, 1], got "
      f"{images.dtype}; convert them with astype, 0 to 255 as numpy.uint8"
    )
  return images * np.uint8(255) if images.max() <= 1 else images


def are_binary(levels: np.ndarray) -> bool:
  """True if all pixels of `to_levels` are 0 or 255."""
  chunks = (levels[k : k + _CHUNK] for k in range(0, len(levels), _CHUNK))
  return all(((chunk == 0) | (chunk == 255)).all() for chunk in chunks)


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
