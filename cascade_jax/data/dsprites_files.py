"""The real dSprites, from the authors' .npz or .hdf5 file.

Nothing in a file is executed: the archive's pickled `metadata` is never read,
and nothing in it is needed. Images are packed chunk by chunk, so that memory
stays near the packed 377 MB instead of 3 GB.
"""

import contextlib
import hashlib
import os
import pathlib
import zipfile
from collections.abc import Iterator

import numpy as np
from absl import logging

from cascade_jax.data import dsprites, sprites
from cascade_jax.errors import UserError

# A file's first bytes tell its kind; its name doesn't, as the cache of
# TensorFlow Datasets calls the hdf5 "....hdf5raw=true".
_KINDS = {b"PK\x03\x04": "npz", b"\x89HDF": "hdf5"}
# Of dsprites_ndarray_co1sh3sc6or40x32y32_64x64: the npz's as several public
# projects quote it, the hdf5's as TensorFlow Datasets checks it.
_DIGESTS = {
  "npz": ("md5", "7da33b31b13a06f4b04a70402ce90c2e"),
  "hdf5": (
    "sha256",
    "729fa22e884c9c500e1f17415d580746b4c5894fbbb780a1319bbcfa39a745bb",
  ),
}
_CHUNK = 8192  # images


def read(
  path: str | os.PathLike, sizes: tuple[int, ...] = dsprites.FACTOR_SIZES
) -> np.ndarray:
  """All images of a dSprites file, packed.

  Args:
    path: of the .npz or .hdf5.
    sizes: of the factor grid that the file has to hold.

  Returns:
    `[N, 64]` uint64, a row of pixels each: bit j is column j.

  Raises:
    UserError: there is no such file.
    UserError: an .hdf5 needs h5py.
    UserError: another kind of file, or one that is damaged: its shapes,
      types, pixel values or factor grid are not dSprites'.
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
  except (ImportError, PermissionError):
    raise
  except Exception as error:  # whatever damage makes zip, numpy or hdf5 raise
    raise UserError(
      f"{path} is damaged or is not dSprites: {error}. Delete it and download "
      "it again, or use the data set 'dsprites', which needs no file."
    ) from error
  if sizes == dsprites.FACTOR_SIZES:
    _compare_digest(path, kind)
  return rows


def _kind(path: pathlib.Path) -> str:
  with path.open("rb") as file:
    start = file.read(4)
  if start not in _KINDS:
    raise UserError(f"it starts with {start}, as no .npz or .hdf5 does")
  return _KINDS[start]


def _packed(
  classes: np.ndarray, chunks: Iterator[np.ndarray], sizes: tuple[int, ...]
) -> np.ndarray:
  """Checks the factors, then checks and packs the images."""
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
  """The colour column is constant; the others are the grid, row-major."""
  grid = dsprites.factor_grid(sizes)
  if classes.shape != (len(grid), len(sizes) + 1):
    raise UserError(
      f"latents_classes has shape {classes.shape}, not "
      f"{(len(grid), len(sizes) + 1)}"
    )
  if classes[:, 0].any() or not np.array_equal(classes[:, 1:], grid):
    raise UserError("latents_classes is not the grid of all factor values")


@contextlib.contextmanager
def _opened_npz(path: pathlib.Path):
  """Yields the factors and an iterator over chunks of images."""
  with zipfile.ZipFile(path) as archive:
    with archive.open("latents_classes.npy") as member:
      classes = np.lib.format.read_array(member, allow_pickle=False)
    with archive.open("imgs.npy") as member:
      yield classes, _npy_chunks(member)


def _npy_chunks(member) -> Iterator[np.ndarray]:
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
def _opened_hdf5(path: pathlib.Path):
  """Yields the factors and an iterator over chunks of images."""
  try:
    import h5py
  except ImportError as error:
    raise UserError(
      f"{path.name} needs h5py: pip install cascade_jax[hdf5]"
    ) from error
  with h5py.File(path) as file:
    images = file["imgs"]
    starts = range(0, len(images), _CHUNK)
    yield (
      file["latents/classes"][:],
      (images[start : start + _CHUNK] for start in starts),
    )


def _compare_digest(path: pathlib.Path, kind: str) -> None:
  """Says so where the file is whole but not the published one."""
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
