"""The original dSprites, from the authors' .npz or .hdf5 file.

Nothing in a file is executed: the pickled `metadata` of the archive isn't
needed and is never read. Images are packed chunk by chunk, so the memory in use
stays near the packed 377 MB instead of 3 GB.
"""

import contextlib
import hashlib
import os
import pathlib
import zipfile
from collections.abc import Iterator
from typing import IO

import numpy as np
from absl import logging

from cascade_jax.data import dsprites, sprites
from cascade_jax.errors import UserError

# The kind of a file is read from its first bytes and not from its name, because
# the cache of TensorFlow Datasets names the hdf5 file "....hdf5raw=true".
_KINDS = {b"PK\x03\x04": "npz", b"\x89HDF": "hdf5"}
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
  path: str | os.PathLike, sizes: tuple[int, ...] = dsprites.FACTOR_SIZES
) -> np.ndarray:
  """Reads and packs all images of a dSprites file.

  Args:
    path: the .npz or .hdf5 file.
    sizes: the number of values of each factor in the file.

  Returns:
    `[N, 64]` uint64, the rows of each image; bit j of a row is column j.

  Raises:
    UserError: there is no such file.
    UserError: the file is an .hdf5 and h5py isn't installed.
    UserError: the file is of another kind or damaged: its shapes, types, pixel
      values or factor grid are not those of dSprites.
  """
  path = pathlib.Path(path).expanduser()
  if not path.is_file():
    raise UserError(
      f"there is no file {path}; name dSprites' .npz or .hdf5, or use the "
      "data set 'dsprites', which needs no file"
    )
  try:
    kind = _kind(path)
    opened = {"npz": _opened_npz, "hdf5": _opened_hdf5}[kind](path)
    with opened as (classes, chunks):
      rows = _packed(classes, chunks, sizes)
  except ImportError as error:
    raise UserError(
      f"{path.name} needs h5py: pip install cascade_jax[hdf5]"
    ) from error
  except PermissionError:
    raise
  except Exception as error:  # damage can raise any exception
    raise UserError(
      f"{path} is damaged or is not dSprites: {error}. Delete it and download "
      "it again, or use the data set 'dsprites', which needs no file."
    ) from error
  if sizes == dsprites.FACTOR_SIZES:
    _compare_digest(path, kind)
  return rows


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
    if images.dtype != np.uint8 or images.shape[1:] != (64, 64):
      raise UserError(f"images are {images.dtype} {images.shape[1:]}")
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
  with zipfile.ZipFile(path) as archive:
    with archive.open("latents_classes.npy") as member:
      classes = np.lib.format.read_array(member, allow_pickle=False)
    with archive.open("imgs.npy") as member:
      yield classes, _npy_chunks(member)


def _npy_chunks(member: IO[bytes]) -> Iterator[np.ndarray]:
  """Reads `imgs` chunk by chunk; `np.load` would hold all 3 GB at once."""
  version = np.lib.format.read_magic(member)
  read_header = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
  }[version]
  shape, is_fortran, dtype = read_header(member)
  if is_fortran or dtype != np.uint8 or shape[1:] != (64, 64):
    raise UserError(f"imgs has type {dtype} and shape {shape}")
  for start in range(0, shape[0], _CHUNK):
    count = min(_CHUNK, shape[0] - start)
    content = member.read(count * 64 * 64)
    yield np.frombuffer(content, np.uint8).reshape(count, 64, 64)


@contextlib.contextmanager
def _opened_hdf5(path: pathlib.Path) -> Iterator[_Content]:
  import h5py  # optional

  with h5py.File(path) as file:
    images = file["imgs"]
    starts = range(0, len(images), _CHUNK)
    yield (
      file["latents/classes"][:],
      (images[start : start + _CHUNK] for start in starts),
    )


def _compare_digest(path: pathlib.Path, kind: str) -> None:
  """Logs a warning if the file isn't the published one."""
  algorithm, expected = _DIGESTS[kind]
  with path.open("rb") as file:
    digest = hashlib.file_digest(file, algorithm).hexdigest()
  if digest != expected:
    logging.warning(
      "%s passes every check, but its %s is %s, not %s as published",
      path,
      algorithm,
      digest,
      expected,
    )
