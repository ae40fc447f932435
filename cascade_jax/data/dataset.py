"""The format of every data set: images, packed if binary, and factors.

Shapes: N images of H x W pixels in C channels, F factors, B batch.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.errors import UserError

_ALIGNMENT = 64  # bytes


class Dataset(NamedTuple):
  """Images and, if they are known, the factors that generated them."""

  name: str
  images: np.ndarray  # uint8: [N, H, W, C], or packed rows (see `pack`)
  image_shape: tuple[int, int, int]  # H, W, C
  bits: int  # per pixel: 8, or 1 if the images are packed
  factors: np.ndarray | None = None  # [N, F] class indices
  factor_names: tuple[str, ...] = ()
  factor_sizes: tuple[int, ...] = ()  # number of values of each factor
  class_factor: str | None = None  # the factor for a discrete code to learn
  class_names: tuple[str, ...] = ()  # names of that factor's values

  @property
  def classes(self) -> np.ndarray | None:
    """The column `[N]` of the class factor; None without one."""
    if self.factors is None or self.class_factor is None:
      return None
    return self.factors[:, self.factor_names.index(self.class_factor)]


def empty_images(shape: tuple[int, ...]) -> np.ndarray:
  """Allocates images in uint8 that JAX on a CPU can use without a copy.

  JAX can do so if the first byte is aligned, which NumPy doesn't guarantee.
  """
  size = int(np.prod(shape))
  memory = np.empty(size + _ALIGNMENT, np.uint8)
  start = -memory.ctypes.data % _ALIGNMENT
  return memory[start : start + size].reshape(shape)


def pack(images: np.ndarray) -> np.ndarray:
  """Packs binary images into bits; `unpack` does the reverse.

  Args:
    images: `[N, H, W, C]`, 0 or not 0.

  Returns:
    `[N, ceil(H*W*C / 8)]` uint8. Pixels are in C order; bit j of byte k is
    pixel 8 k + j.
  """
  flat = images.reshape(len(images), -1)
  return np.packbits(flat, axis=1, bitorder="little")


def unpack(
  rows: jax.Array, image_shape: tuple[int, int, int], bits: int
) -> jax.Array:
  """Converts rows of `Dataset.images` to images; meant for use inside jit.

  Args:
    rows: `[B, ...]` uint8, the rows of one batch.
    image_shape: H, W, C.
    bits: per pixel, 1 or 8.

  Returns:
    `[B, H, W, C]` float32 in [0, 1].
  """
  if bits == 8:
    return jnp.asarray(rows).astype(jnp.float32) / 255
  rows = jnp.asarray(rows)[:, :, None] >> jnp.arange(8, dtype=jnp.uint8)
  pixels = (rows & 1).reshape(len(rows), -1)[:, : int(np.prod(image_shape))]
  return pixels.reshape(-1, *image_shape).astype(jnp.float32)


def from_arrays(
  name: str,
  images: np.ndarray,
  factors: np.ndarray | None = None,
  factor_names: tuple[str, ...] | None = None,
  class_factor: str | None = None,
  class_names: tuple[str, ...] = (),
) -> Dataset:
  """Makes a data set of arrays.

  Args:
    name: the name that the report shows.
    images: `[N, H, W]` or `[N, H, W, C]`: bool, uint8 (0 to 255, or 0 and 1)
      or float in [0, 1], which is rounded to 256 levels.
    factors: `[N, F]` integers, each column counted from 0.
    factor_names: F names; by default "factor 1" and so on.
    class_factor: the factor that a discrete code should learn.
    class_names: a name for each value of that factor.

  Raises:
    UserError: an argument is wrong; the message says which and why.
  """
  images = np.asarray(images)
  pixels = _as_uint8(images)
  is_binary = _is_binary(images)
  dataset = Dataset(
    name=name,
    images=pack(pixels) if is_binary else pixels,
    image_shape=pixels.shape[1:],
    bits=1 if is_binary else 8,
  )
  if factors is None:
    if factor_names or class_factor or class_names:
      raise UserError("names of factors or classes are given, but no factors")
    return dataset
  factors = _checked_factors(np.asarray(factors), len(images))
  sizes = tuple(int(highest) + 1 for highest in factors.max(axis=0))
  if factor_names is None:
    factor_names = tuple(f"factor {i + 1}" for i in range(len(sizes)))
  _check_names(sizes, factor_names, class_factor, class_names)
  if class_factor is not None and not class_names:
    size = sizes[factor_names.index(class_factor)]
    class_names = tuple(f"{class_factor} {i}" for i in range(size))
  return dataset._replace(
    factors=factors,
    factor_names=tuple(factor_names),
    factor_sizes=sizes,
    class_factor=class_factor,
    class_names=tuple(class_names),
  )


def _checked_factors(factors: np.ndarray, num_images: int) -> np.ndarray:
  """The factors, `[num_images, F]` integers from 0."""
  if factors.ndim != 2 or len(factors) != num_images or not factors.size:
    raise UserError(
      f"factors must have shape [{num_images}, F], a row an image; "
      f"got {factors.shape}"
    )
  if not np.issubdtype(factors.dtype, np.integer) or factors.min() < 0:
    raise UserError("factors must be integers, each column counted from 0")
  return factors


def _check_names(
  sizes: tuple[int, ...],
  factor_names: tuple[str, ...],
  class_factor: str | None,
  class_names: tuple[str, ...],
) -> None:
  if len(factor_names) != len(sizes):
    raise UserError(
      f"{len(factor_names)} factor names for {len(sizes)} factors"
    )
  if len(set(factor_names)) < len(factor_names):
    raise UserError(f"a factor name comes twice: {factor_names}")
  if class_factor is None:
    if class_names:
      raise UserError("class_names are given, but no class_factor")
    return
  if class_factor not in factor_names:
    raise UserError(
      f"class_factor is {class_factor!r}; the factors are {factor_names}"
    )
  size = sizes[factor_names.index(class_factor)]
  if class_names and len(class_names) != size:
    raise UserError(
      f"{len(class_names)} class names for {size} values of {class_factor!r}"
    )


def _is_binary(images: np.ndarray) -> bool:
  """True if pixels are 0 or full: 1, or 255 in uint8 images above 1."""
  full = 255 if images.dtype == np.uint8 and images.max() > 1 else 1
  return bool(((images == 0) | (images == full)).all())


def _as_uint8(images: np.ndarray) -> np.ndarray:
  """Converts images to `[N, H, W, C]` uint8 after a check."""
  if images.ndim == 3:
    images = images[..., None]
  if images.ndim != 4 or not images.size:
    raise UserError(
      f"images must have shape [N, H, W] or [N, H, W, C], got {images.shape}"
    )
  if images.dtype == bool:
    return images.astype(np.uint8)
  if np.issubdtype(images.dtype, np.floating):
    if not (images.min() >= 0 and images.max() <= 1):  # also for NaN
      raise UserError(
        f"float images must lie in [0, 1], got [{images.min()}, {images.max()}]"
      )
    return np.rint(images * 255).astype(np.uint8)
  if images.dtype != np.uint8:
    raise UserError(
      f"images must be bool, uint8 or float in [0, 1], got {images.dtype}"
    )
  return images
