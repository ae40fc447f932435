"""The original dSprites, from the authors' .npz or .hdf5 file.

Nothing in a file is executed: the pickled `metadata` of the archive isn't
needed and is never read. Images are packed chunk by chunk, so the memory in use
stays near the packed 377 MB instead of 3 GB.
"""

import contextlib
import hashlib
import os
import pathlib
from collections.abc import Iterator
from typing import IO

import numpy as np

from cascade_jax.array_files import hdf5, npy, npz
from cascade_jax.data import dsprites, sprites
from cascade_jax.errors import UserError, one_line

# The kind of a file is read from its first bytes and not from its name, because
# the cache of TensorFlow Datasets names the hdf5 file "....hdf5raw=true".
_KINDS = {npz.MAGIC: "npz", hdf5.MAGIC: "hdf5"}
# The digests of dsprites_ndarray_co1sh3sc6or40x32y32_64x64: for the npz the one
# that several public projects quote, for the hdf5 the one that TensorFlow
# Datasets checks.
_DIGESTS = {
  "npz": ("md5", "7da33b31b13a06f4b04a70402ce90c2e"),
  "hdf5": (
    "sha256",
    "729fa22e884c9c500e1f17415d580746b4c5894fbbb780a1319bbcfa39a745bb",
  ),
}
_CHUNK = 8192  # images

# What an open file yields: the factors `[N, F]`, colour included, and the
# images `[chunk, 64, 64]`.
_Content = tuple[np.ndarray, Iterator[np.ndarray]]


def read(
  path: str | os.PathLike,
  sizes: tuple[int, ...] = dsprites.FACTOR_SIZES,
  unverified: bool = False,
) -> np.ndarray:
  """Reads and packs all images of a dSprites file.

  The digest of the whole file must be that of the published one, because the
  .hdf5 has no checksums of its own: a pixel that flipped in it would be read.

  Args:
    path: the .npz or .hdf5 file.
    sizes: the number of values of each factor in the file; there is a digest
      for those of dSprites only.
    unverified: whether a file of another digest is read too.

  Returns:
    `[N, 64]` uint64, the rows of each image; bit j of a row is column j.

  Raises:
    UserError: there is no such file.
    UserError: the file is an .hdf5 and h5py isn't installed.
    UserError: the file is of another kind or damaged: its digest, shapes,
      types, pixel values or factor grid are not those of dSprites.
  """
  path = pathlib.Path(path).expanduser()
  if not path.is_file():
    raise UserError(
      f"there is no file {path}; name dSprites' .npz or .hdf5, or use the "
      "data set 'dsprites', which needs no file"
    )
  try:
    kind = _kind(path)
    if sizes == dsprites.FACTOR_SIZES and not unverified:
      _check_digest(path, kind)
    opened = {"npz": _opened_npz, "hdf5": _opened_hdf5}[kind](path)
    with opened as (classes, chunks):
      return _packed(classes, chunks, sizes)
  except ImportError as error:
    raise UserError(
      f"{path.name} needs h5py: pip install cascade_jax[hdf5]"
    ) from error
  except PermissionError:
    raise
  except Exception as error:  # damage can raise any exception
    raise UserError(
      f"{path} is damaged or is not dSprites: {one_line(error)}. Delete it and "
      "download it again, or use the data set 'dsprites', which needs no file."
    ) from error


def _kind(path: pathlib.Path) -> str:
  """The kind of a file by its first bytes, "npz" or "hdf5"."""
  with path.open("rb") as file:
    start = file.read(4)
  if start not in _KINDS:
    raise UserError(f"it starts with {start!r}, as no .npz or .hdf5 does")
  return _KINDS[start]


def _packed(
  classes: np.ndarray, chunks: Iterator[np.ndarray], sizes: tuple[int, ...]
) -> np.ndarray:
  """Checks factors and images, and packs the images to `[N, 64]` uint64."""
  _check_grid(classes, sizes)
  rows = np.empty((len(classes), sprites.SIZE), np.uint64)
  done = 0
  for images in chunks:
    if images.max() > 1:
      raise UserError(f"a pixel is {images.max()}, not 0 or 1")
    bits = np.packbits(images, axis=-1, bitorder="little")
    rows[done : done + len(images)] = bits.view("<u8")[..., 0]
    done += len(images)
  if done != len(rows):
    raise UserError(f"there are {done} images for {len(rows)} factors")
  return rows


def _check_grid(classes: np.ndarray, sizes: tuple[int, ...]) -> None:
  """Checks for a constant colour column and the row-major grid of factors."""
  grid = dsprites.factor_grid(sizes)
  if classes.shape != (len(grid), len(sizes) + 1):
    raise UserError(
      f"latents_classes has shape {classes.shape}, not "
      f"{(len(grid), len(sizes) + 1)}"
    )
  if classes[:, 0].any() or not np.array_equal(classes[:, 1:], grid):
    raise UserError("latents_classes is not the grid of all factor values")


@contextlib.contextmanager
def _opened_npz(path: pathlib.Path) -> Iterator[_Content]:
  with npz.opened(path) as members:
    classes = members["latents_classes"].read()
    images = members["imgs"]
    with images.open() as file:
      yield classes, _npy_chunks(file, images.info.file_size)


def _npy_chunks(file: IO[bytes], size: int) -> Iterator[np.ndarray]:
  """Reads `imgs` chunk by chunk; all at once they would take 3 GB."""
  header = npy.read_header(file, size)
  shape = _checked_shape(header.shape, header.dtype)
  if header.is_fortran:
    raise UserError("imgs are in Fortran's order")
  for start in range(0, shape[0], _CHUNK):
    images = np.empty((min(_CHUNK, shape[0] - start), *shape[1:]), np.uint8)
    npy.fill(file, images)
    yield images


@contextlib.contextmanager
def _opened_hdf5(path: pathlib.Path) -> Iterator[_Content]:
  import h5py  # optional

  with h5py.File(path) as file:
    images, classes = file["imgs"], file["latents/classes"]
    _checked_shape(images.shape, images.dtype)
    hdf5.check_dataset(classes)
    starts = range(0, len(images), _CHUNK)
    yield classes[:], (images[start : start + _CHUNK] for start in starts)


def _checked_shape(shape: tuple[int, ...], dtype: np.dtype) -> tuple[int, ...]:
  """Returns the shape of all images, before the first is read."""
  if dtype != np.uint8 or shape[1:] != (64, 64):
    raise UserError(f"imgs are {dtype} {list(shape)}, not uint8 [N, 64, 64]")
  return shape


def _check_digest(path: pathlib.Path, kind: str) -> None:
  """Refuses a file that isn't the published one."""
  algorithm, expected = _DIGESTS[kind]
  with path.open("rb") as file:
    digest = hashlib.file_digest(file, algorithm).hexdigest()
  if digest != expected:
    raise UserError(
      f"its {algorithm} is {digest}, not {expected} as published (to read it "
      "all the same, set data.name=dsprites_file and data.unverified=True)"
    )
