"""The record that every data set comes as, packed as small as it goes.

Letters: N images of H W C, F factors, B batch.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.errors import UserError

_ALIGNMENT = 64  # bytes


class Dataset(NamedTuple):
  """Images and, where known, the factors that they were made from."""

  name: str
  images: np.ndarray  # uint8: [N, H, W, C], or rows of bits (see `pack`)
  image_shape: tuple[int, int, int]  # H, W, C
  bits: int  # 8, or 1 where images are packed
  factors: np.ndarray | None = None  # [N, F] class indices
  factor_names: tuple[str, ...] = ()
  factor_sizes: tuple[int, ...] = ()  # values of each factor
  class_factor: str | None = None  # what the discrete code should find
  class_names: tuple[str, ...] = ()  # of the values of that factor


def empty_images(shape: tuple[int, ...]) -> np.ndarray:
  """Memory for images, uint8, that JAX on a CPU takes over without a copy.

  It does so where the first byte is aligned, which NumPy doesn't see to.
  """
  size = int(np.prod(shape))
  memory = np.empty(size + _ALIGNMENT, np.uint8)
  start = -memory.ctypes.data % _ALIGNMENT
  return memory[start : start + size].reshape(shape)


def pack(images: np.ndarray) -> np.ndarray:
  """Binary images `[N, H, W, C]` as bits `[N, ceil(H*W*C / 8)]` uint8.

  Pixels in C order; bit j of byte k is pixel 8 k + j.
  """
  flat = images.reshape(len(images), -1)
  return np.packbits(flat, axis=1, bitorder="little")


def unpack(
  rows: jax.Array, image_shape: tuple[int, int, int], bits: int
) -> jax.Array:
  """Rows of `Dataset.images` to images `[B, H, W, C]`, float32 in [0, 1].

  To be called inside jit, on the rows of one batch.

  Args:
    rows: `[B, ...]` uint8.
    image_shape: H, W, C.
    bits: 1 or 8.
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
  """A data set of your own.

  Args:
    name: for the report.
    images: `[N, H, W]` or `[N, H, W, C]`: bool, uint8 (0 to 255, or 0 and 1)
      or float in [0, 1], which is rounded to 256 levels.
    factors: `[N, F]` integers, each column counted from 0.
    factor_names: F names.
    class_factor: the factor that the discrete code should find.
    class_names: of that factor's values.

  Raises:
    UserError: names what is wrong with which argument.
  """
  images = np.asarray(images)
  pixels = _as_uint8(images)
  image_shape = pixels.shape[1:]
  is_binary = _is_binary(images)
  dataset = Dataset(
    name=name,
    images=pack(pixels) if is_binary else pixels,
    image_shape=image_shape,
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
  if factors.ndim != 2 or len(factors) != num_images or not factors.size:
    raise UserError(
      f"factors must have shape [{num_images}, F], a row an image; "
      f"got {factors.shape}"
    )
  if not np.issubdtype(factors.dtype, np.integer) or factors.min() < 0:
    raise UserError("factors must be integers, each column counted from 0")
  return factors


def _check_names(sizes, factor_names, class_factor, class_names) -> None:
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
  """Whether pixels are 0 or full: 1, or 255 where uint8 goes beyond 1."""
  full = 255 if images.dtype == np.uint8 and images.max() > 1 else 1
  return bool(((images == 0) | (images == full)).all())


def _as_uint8(images: np.ndarray) -> np.ndarray:
  """`[N, H, W, C]` uint8, checked."""
  if images.ndim == 3:
    images = images[..., None]
  if images.ndim != 4 or not images.size:
    raise UserError(
      f"images must have shape [N, H, W] or [N, H, W, C], got {images.shape}"
    )
  if images.dtype == bool:
    return images.astype(np.uint8)
  if np.issubdtype(images.dtype, np.floating):
    if not (images.min() >= 0 and images.max() <= 1):  # false for NaN too
      raise UserError(
        f"float images must lie in [0, 1], got [{images.min()}, {images.max()}]"
      )
    return np.rint(images * 255).astype(np.uint8)
  if images.dtype != np.uint8:
    raise UserError(
      f"images must be bool, uint8 or float in [0, 1], got {images.dtype}"
    )
  return images
