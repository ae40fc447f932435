"""Fits images to the squares that the networks take.

The networks halve their images down to 4x4, so they take squares of `SIDES`
pixels. Images of other sizes are fitted only as the user says (`FITS`): each
way changes what a model sees. The one exception is 28x28, the size of MNIST and
its relatives, which the field pads to 32x32 as a rule.
"""

import numpy as np
from absl import logging
from PIL import Image

from cascade_jax.errors import UserError

SIDES = (16, 32, 64, 128, 256)  # `networks.models.IMAGE_SIZES`
FITS = ("", "pad", "resize", "crop")
_SHORTEST = 8
_PADDED_UNASKED = (28, 28)
_SAYINGS = {
  "pad": "padded with zeros (black)",
  "resize": "resized",
  "crop": "cropped to their centre and resized",
}


def check_name(fit: str) -> None:
  """Raises a UserError if `fit` is none of `FITS`."""
  if fit not in FITS:
    raise UserError(f"data.fit is {fit!r}; it must be one of {FITS}")


def side_of(height: int, width: int, fit: str = "") -> int:
  """Returns the side of the square that images are fitted to, in pixels.

  Args:
    height: of the images.
    width: of the images.
    fit: one of `FITS`; see `fitted`.

  Raises:
    UserError: the images don't suit as they are and `fit` is "", a side is
      shorter than 8 or longer than 256 pixels, or `fit` is unknown.
  """
  check_name(fit)
  shortest, longest = min(height, width), max(height, width)
  if not (shortest >= _SHORTEST and longest <= SIDES[-1]):
    raise UserError(
      f"images are {height}x{width} pixels; both sides must lie in "
      f"{_SHORTEST}..{SIDES[-1]}: resize the images first"
    )
  sides = {
    "pad": next(side for side in SIDES if side >= longest),
    "resize": _nearest(longest),
    "crop": _nearest(shortest),
  }
  way = _way(height, width, fit)
  if way:
    return sides[way]
  if height == width and height in SIDES:
    return height
  choices = ", ".join(f"{name} ({side}x{side})" for name, side in sides.items())
  raise UserError(
    f"images are {height}x{width} pixels; the networks take squares of {SIDES}:"
    f" set --config.data.fit to {choices}"
  )


def log_fit(height: int, width: int, fit: str = "") -> None:
  """Says in one line how images are fitted, unless they suit as they are.

  Arguments and errors are those of `side_of`.
  """
  side = side_of(height, width, fit)
  if (height, width) != (side, side):
    logging.info(
      "images of %dx%d pixels are %s to %dx%d",
      *(height, width, _SAYINGS[_way(height, width, fit)], side, side),
    )


def fitted(pixels: np.ndarray, fit: str = "") -> np.ndarray:
  """Fits images to a square that the networks take.

  Args:
    pixels: `[..., H, W, C]` uint8, 0 to 255; sides of 8 to 256 pixels.
    fit: one of
      "" for images that suit already, and of 28x28, which are padded;
      "pad" to centre each image on the smallest square that holds it, with
      zeros around it (where a border can't be split evenly, the right and the
      lower one are a pixel wider);
      "resize" to the nearest size of the longer side, by ratio, which stretches
      images that are not square (Pillow's bilinear filter, which is antialiased
      where it shrinks);
      "crop" to keep the square in the centre and resize it.

  Returns:
    `[..., S, S, C]` uint8; the images themselves if they suit.

  Raises:
    UserError: as `side_of`.
  """
  height, width = pixels.shape[-3:-1]
  side = side_of(height, width, fit)
  if (height, width) == (side, side):
    return pixels
  way = _way(height, width, fit)
  if way == "pad":
    return _padded(pixels, side)
  if way == "crop":
    pixels = _centre(pixels, min(height, width))
  return _resized(pixels, side)


def _way(height: int, width: int, fit: str) -> str:
  """The way that images are fitted; "" if they have to suit."""
  return fit or ("pad" if (height, width) == _PADDED_UNASKED else "")


def _nearest(length: int) -> int:
  """The side whose ratio to a length is closest to 1."""
  return min(SIDES, key=lambda side: max(side / length, length / side))


def _padded(pixels: np.ndarray, side: int) -> np.ndarray:
  height, width, channels = pixels.shape[-3:]
  top, left = (side - height) // 2, (side - width) // 2
  square = np.zeros((*pixels.shape[:-3], side, side, channels), np.uint8)
  square[..., top : top + height, left : left + width, :] = pixels
  return square


def _centre(pixels: np.ndarray, side: int) -> np.ndarray:
  """The square in the centre of images."""
  height, width = pixels.shape[-3:-1]
  top, left = (height - side) // 2, (width - side) // 2
  return pixels[..., top : top + side, left : left + side, :]


def _resized(pixels: np.ndarray, side: int) -> np.ndarray:
  """Images resized channel by channel, as Pillow knows few other formats."""
  planes = np.moveaxis(pixels, -1, -3)  # [..., C, H, W]
  resized = np.empty((*planes.shape[:-2], side, side), np.uint8)
  for index in np.ndindex(planes.shape[:-2]):
    plane = Image.fromarray(np.ascontiguousarray(planes[index]))
    resized[index] = plane.resize((side, side), Image.Resampling.BILINEAR)
  return np.ascontiguousarray(np.moveaxis(resized, -3, -1))
