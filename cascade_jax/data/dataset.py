"""The format of every data set: images, packed if binary, and factors.

Shapes: N images of H x W pixels in C channels, F factors, B batch.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.data.fit import fitted, log_fit
from cascade_jax.data.labels import describe
from cascade_jax.data.pixels import are_binary, to_levels
from cascade_jax.errors import UserError

if TYPE_CHECKING:
  from cascade_jax.data.streamed_images import StreamedImages

_ALIGNMENT = 64  # bytes


class Dataset(NamedTuple):
  """Images and, if they are known, the factors that generated them."""

  name: str
  # uint8: [N, H, W, C], or packed rows (see `pack`).
  images: "np.ndarray | StreamedImages"
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

  def __repr__(self) -> str:
    """Returns one line without the arrays."""
    shape = "x".join(str(length) for length in self.image_shape)
    bits = "1 bit" if self.bits == 1 else f"{self.bits} bits"
    factors = [
      f"{name} ({size})"
      for name, size in zip(self.factor_names, self.factor_sizes)
    ]
    known = f"factors {', '.join(factors)}" if factors else "no factors"
    return (
      f"Dataset {self.name!r}: {len(self.images):,} images of {shape} ({bits}),"
      f" {known}"
    )


def empty_images(shape: tuple[int, ...]) -> np.ndarray:
  """Allocates images in uint8 that JAX on a CPU can use without a copy.

  JAX can do so if the first byte is aligned, which NumPy doesn't guarantee.
  """
  size = int(np.prod(shape))
  memory = np.empty(size + _ALIGNMENT, np.uint8)
  start = -memory.ctypes.data % _ALIGNMENT
  return memory[start : start + size].reshape(shape)


def is_aligned(images: np.ndarray) -> bool:
  """Whether JAX on a CPU can use images without a copy."""
  return images.ctypes.data % _ALIGNMENT == 0


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
  rows: jax.Array | np.ndarray, image_shape: tuple[int, int, int], bits: int
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
  factor_names: Sequence[str] | None = None,
  class_factor: str | None = None,
  class_names: Sequence[str] = (),
  labels: np.ndarray | None = None,
  fit: str | None = None,
) -> Dataset:
  """Makes a data set of arrays.

  Args:
    name: the name that the report shows.
    images: `[N, H, W]` or `[N, H, W, C]`: bool, uint8 (0 to 255, or 0 and 1)
      or float in [0, 1], which is rounded to 256 levels.
    factors: `[N, F]` integers, each column counted from 0. Values that never
      occur are closed up (see `labels`), which the log says.
    factor_names: F names; by default "factor 1" and so on.
    class_factor: the factor that a discrete code should learn.
    class_names: a name for each value of that factor that occurs, or for each
      number from 0 on.
    labels: `[N]` integers or strings. They become one more factor, named
      "class", numbered from 0 in ascending order of their values; it is the
      `class_factor` unless that names another factor.
    fit: how to fit the images to the squares of 16 to 256 pixels that the
      networks take (see `fit.fitted`); None leaves them as they are.

  Raises:
    UserError: an argument is wrong; the message says which and why.
  """
  levels = to_levels(images)
  if fit is not None:
    log_fit(levels.shape[1], levels.shape[2], fit)
    levels = fitted(levels, fit)
  is_binary = are_binary(levels)
  dataset = Dataset(
    name=name,
    images=pack(levels) if is_binary else levels,
    image_shape=levels.shape[1:],
    bits=1 if is_binary else 8,
  )
  return with_factors(
    dataset, factors, factor_names, class_factor, class_names, labels
  )


def with_factors(
  dataset: Dataset,
  factors: np.ndarray | None = None,
  factor_names: Sequence[str] | None = None,
  class_factor: str | None = None,
  class_names: Sequence[str] = (),
  labels: np.ndarray | None = None,
) -> Dataset:
  """Returns a data set with its factors described; see `from_arrays`."""
  if factors is None and labels is None:
    if factor_names or class_factor or class_names:
      raise UserError(
        "names of factors or classes are given, but no factors and no labels"
      )
    return dataset
  described = describe(
    len(dataset.images),
    factors,
    labels,
    factor_names,
    class_factor,
    class_names,
  )
  return dataset._replace(**described._asdict())
