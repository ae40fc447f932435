"""Registration: images of the same object become alike wherever it lies.

Distances between raw images mostly tell where and how large an object is.
Registered images no longer differ in that, so their distances tell its form.

Shapes: N images of H x W pixels in C channels, s the side of a registered one.
"""

import types

import numpy as np

from cascade_jax.errors import UserError


def register_by_moments(
  images: np.ndarray, side: int = 24, fill: float = 0.25
) -> np.ndarray:
  """Moves and zooms each image by the moments of its brightness.

  The brightness of a pixel is the mean of its channels. The centroid of the
  brightness (its first moments) comes to the middle of a square, and the zoom
  makes the total brightness (the zeroth moment, the area of a binary object) a
  fixed share of the square. Pixels are interpolated bilinearly, and are 0
  outside the image; what the square doesn't cover is cut off. The background
  has to be dark: invert images with a bright one.

  Args:
    images: `[N, H, W]` or `[N, H, W, C]` floats in [0, 1].
    side: s, in pixels.
    fill: the share of the square's brightness that an image gets, above 0.

  Returns:
    `[N, s * s]` float32.

  Raises:
    UserError: images of another shape, type or range; a blank image, which has
      no centroid; a side or a fill that is not positive.
  """
  if side < 1 or not 0 < fill < np.inf:
    raise UserError(
      f"side must be at least 1 and fill above 0, got {side} and {fill}"
    )
  brightness = _brightness(_checked(images))
  total = brightness.sum(axis=(1, 2))
  if not total.all():
    raise UserError(
      f"image {total.argmin()} of {len(total)} is blank, so it has no centroid "
      'to register it by; leave blank images out, or use registration "none"'
    )
  step = np.sqrt(total / fill) / side
  rows = _weights(brightness.sum(axis=2), total, step, side)
  columns = _weights(brightness.sum(axis=1), total, step, side)
  registered = rows @ brightness @ columns.transpose(0, 2, 1)
  return registered.reshape(len(registered), -1)


def flatten(images: np.ndarray) -> np.ndarray:
  """Leaves images where they are.

  Args:
    images: `[N, H, W]` or `[N, H, W, C]` floats in [0, 1].

  Returns:
    `[N, H * W * C]` float32.

  Raises:
    UserError: images of another shape, type or range.
  """
  images = _checked(images)
  return images.reshape(len(images), -1)


REGISTRATIONS = types.MappingProxyType(
  {"moments": register_by_moments, "none": flatten}
)


def _brightness(images: np.ndarray) -> np.ndarray:
  """The mean of the channels, `[N, H, W]`."""
  return images if images.ndim == 3 else images.mean(axis=3)


def _weights(
  profile: np.ndarray, total: np.ndarray, step: np.ndarray, side: int
) -> np.ndarray:
  """The weights of bilinear interpolation along one axis of P pixels.

  Args:
    profile: `[N, P]` brightness, summed over the other axis.
    total: `[N]` its sum.
    step: `[N]` pixels of the image per pixel of the registered one.
    side: s.

  Returns:
    `[N, s, P]` float32.
  """
  pixels = np.arange(profile.shape[1], dtype=np.float32)
  centroid = profile @ pixels / total
  from_middle = np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2)
  positions = centroid[:, None] + step[:, None] * from_middle
  return np.maximum(0, 1 - np.abs(positions[:, :, None] - pixels))


def _checked(images: np.ndarray) -> np.ndarray:
  """The images in float32."""
  images = np.asarray(images)
  if images.ndim not in (3, 4) or not images.size:
    raise UserError(
      f"images must have shape [N, H, W] or [N, H, W, C], got {images.shape}"
    )
  if not np.issubdtype(images.dtype, np.floating):
    raise UserError(
      f"images must be floats in [0, 1], got {images.dtype}; divide bytes by "
      "255"
    )
  if not (images.min() >= 0 and images.max() <= 1):  # also for NaN
    raise UserError(
      f"images must lie in [0, 1], got [{images.min()}, {images.max()}]"
    )
  return images.astype(np.float32, copy=False)
