"""Checks of the arrays that a user hands to a model.

Shapes: N rows, m continuous dimensions, D discrete variables, H W C image.
"""

import numpy as np

from cascade_jax import data
from cascade_jax.data.fit import side_of
from cascade_jax.errors import UserError


def host_images(
  images: np.ndarray, image_shape: tuple[int, int, int], fit: str = ""
) -> data.HostImages:
  """Returns images as the model saw them in training.

  Args:
    images: `[N, H, W, C]`, or `[N, H, W]` for one channel: bool, uint8 (0 to
      255, or 0 and 1) or float in [0, 1], as `data.from_arrays` takes them.
      Images of another size are fitted as those of the training were.
    image_shape: H, W, C of the model.
    fit: the `data.fit` of the run.

  Raises:
    UserError: another shape, type or range.
  """
  images = np.asarray(images)
  height, width, channels = image_shape
  shapes: list[tuple[int, ...]] = [image_shape]
  if channels == 1:
    shapes.append((height, width))
  if images.shape[1:] in shapes:
    dataset = data.from_arrays("images", images)
  elif _are_fitted(images.shape, image_shape, fit):
    dataset = data.from_arrays("images", images, fit=fit)
  else:
    raise UserError(
      f"images have shape {images.shape}; the model takes "
      f"[N, {height}, {width}, {channels}]"
      + (f" or [N, {height}, {width}]" if channels == 1 else "")
      + _missing_axis(images.shape, shapes)
    )
  return data.HostImages(dataset)


def _are_fitted(
  shape: tuple[int, ...], image_shape: tuple[int, int, int], fit: str
) -> bool:
  """Returns whether `fit` makes images of a shape those that a model takes."""
  height, _, channels = image_shape
  own_channels = 1 if len(shape) == 3 else shape[-1]
  if len(shape) not in (3, 4) or own_channels != channels:
    return False
  try:
    return side_of(shape[1], shape[2], fit) == height
  except UserError:
    return False


def latents(values: np.ndarray, num_continuous: int) -> np.ndarray:
  """Returns latents `[N, m]` as float32.

  Raises:
    UserError: another shape, or a value that is not finite.
  """
  values = np.asarray(values, np.float32)
  if values.ndim != 2 or values.shape[1] != num_continuous or not len(values):
    raise UserError(
      f"latents have shape {values.shape}; the model takes "
      f"[N, {num_continuous}]"
      + _missing_axis(values.shape, [(num_continuous,)])
    )
  if not np.isfinite(values).all():
    raise UserError("latents hold NaN or infinite values; they must be finite")
  return values


def joint_categories(
  categories: np.ndarray | int | None, sizes: tuple[int, ...], count: int
) -> np.ndarray:
  """Returns joint categories `[N]` int32, -1 for a model without a code.

  Args:
    categories: of each row, `[N, D]`, or `[N]` for one discrete variable; or
      one category for all rows; None for a model without a discrete code.
    sizes: S of each discrete variable in use.
    count: N.

  Raises:
    UserError: other shapes or types, or a category that there is not.
  """
  if not sizes:
    if categories is not None and np.size(categories):
      raise UserError(
        "categories are given, but the model has no discrete code in use"
      )
    return np.full(count, -1, np.int32)
  if categories is None:
    raise UserError(
      f"categories are missing: the model has a discrete code of {sizes} "
      "categories; give a category for each row, or one for all"
    )
  array = np.asarray(categories)
  if not np.issubdtype(array.dtype, np.integer):
    raise UserError(f"categories must be integers, got {array.dtype}")
  if array.ndim == 0 or (array.ndim == 1 and len(sizes) == 1):
    array = array[..., None]
  try:
    array = np.broadcast_to(array, (count, len(sizes)))
  except ValueError as error:
    raise UserError(
      f"categories have shape {np.shape(categories)}; {count} rows of latents "
      f"need [{count}, {len(sizes)}]"
    ) from error
  if (array < 0).any() or (array >= sizes).any():
    raise UserError(
      f"categories lie in [{array.min()}, {array.max()}]; the model's are "
      f"counted from 0, and there are {sizes} of each discrete variable"
    )
  joint = np.ravel_multi_index(tuple(array.T), sizes, mode="raise")
  return np.asarray(joint, np.int32)


def _missing_axis(shape: tuple[int, ...], rows: list[tuple[int, ...]]) -> str:
  """Returns a hint where an array is a single row, else nothing."""
  return "; write x[None] for a single one" if shape in rows else ""
