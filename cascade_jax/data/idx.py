"""IDX files, the format of MNIST and Fashion-MNIST, plain or as .gz.

A file starts with two zero bytes, a type (8 is uint8) and the number of axes;
then come the length of each axis, as big-endian 32-bit integers, and the
content (LeCun, Cortes & Burges, "The MNIST database of handwritten digits").
"""

import gzip
import math
import pathlib
import struct
from typing import BinaryIO, cast

import numpy as np

from cascade_jax.array_files.damage import prefixed
from cascade_jax.data.dataset import Dataset, from_arrays
from cascade_jax.errors import UserError, one_line

_UINT8 = 8
_GZIP = b"\x1f\x8b"  # the first bytes of a .gz
_HIGHEST_COMPRESSION = 1032  # bytes that one byte of deflate can stand for


def load(path: pathlib.Path, fit: str = "") -> Dataset:
  """Makes a data set of a file of images and the file of labels beside it.

  Args:
    path: the file of images, such as train-images-idx3-ubyte or
      t10k-images-idx3-ubyte.gz; or a folder that holds only one whose name
      contains "train-images". The labels are in the file of the same name but
      for "labels" and "idx1", with or without .gz; images without such a file
      have no classes.
    fit: how to fit the images to the networks; see `fit.fitted`.

  Raises:
    UserError: there is no such file, or it is damaged or of another format.
  """
  images_file = _images_file(path)
  labels_file = _labels_file(images_file)
  images = read(images_file, num_axes=3)
  labels = None if labels_file is None else read(labels_file, num_axes=1)
  if labels is not None and len(labels) != len(images):
    raise UserError(
      f"{labels_file} has {len(labels)} labels, but {images_file} has "
      f"{len(images)} images; take both from the same source"
    )
  folder = images_file.resolve().parent.name
  name = f"{folder}/{images_file.name.removesuffix('.gz')}"
  with prefixed(images_file):
    return from_arrays(name, images, labels=labels, fit=fit)


def read(path: pathlib.Path, num_axes: int) -> np.ndarray:
  """Reads an array of uint8.

  Args:
    path: the file; whether it is a .gz is told by its first bytes.
    num_axes: 3 for images `[N, H, W]`, 1 for labels `[N]`.

  Raises:
    UserError: the file is damaged, cut off, of another format, or claims more
      content than a file of its length can have.
  """
  try:
    with path.open("rb") as file:
      is_gzip = file.read(len(_GZIP)) == _GZIP
    most = path.stat().st_size * (_HIGHEST_COMPRESSION if is_gzip else 1)
    with gzip.open(path) if is_gzip else path.open("rb") as content:
      return _read_array(cast(BinaryIO, content), num_axes, most)
  except Exception as error:  # damage can raise any exception
    raise UserError(
      f"{path} is damaged or is not an IDX file of {num_axes} axes: "
      f"{one_line(error)}; "
      "copy or download it again"
    ) from error


def _read_array(content: BinaryIO, num_axes: int, most: int) -> np.ndarray:
  """Reads header and content, which can have `most` bytes."""
  magic = bytes((0, 0, _UINT8, num_axes))
  start = content.read(len(magic))
  if start != magic:
    raise UserError(f"it starts with {start.hex(' ')}, not {magic.hex(' ')}")
  shape = struct.unpack(f">{num_axes}I", content.read(4 * num_axes))
  size = math.prod(shape)
  if size > most:
    raise UserError(f"it claims to hold {shape}, which its length can't hold")
  # A byte more than there should be, to notice a file that is too long.
  pixels = content.read(size + 1)
  if len(pixels) != size:
    length = "more" if len(pixels) > size else f"only {len(pixels):,}"
    raise UserError(
      f"it should hold {size:,} bytes after its header, but holds {length}"
    )
  return np.frombuffer(pixels, np.uint8).reshape(shape)


def _images_file(path: pathlib.Path) -> pathlib.Path:
  if path.is_file():
    return path
  if not path.is_dir():
    raise UserError(
      f"data.path is {str(path)!r}; it must be an IDX file of images, such as "
      "train-images-idx3-ubyte.gz, or the folder that holds it"
    )
  files = [file for file in path.glob("*train-images*") if file.is_file()]
  # The same file, plain and compressed, counts once: sorted in reverse, the
  # plain one comes last and replaces the other.
  found = {
    file.name.removesuffix(".gz"): file for file in sorted(files, reverse=True)
  }
  if len(found) != 1:
    raise UserError(
      f"{path} must hold one file whose name contains 'train-images', but "
      f"there is {', '.join(sorted(found)) or 'none'}; name the file of images "
      "by --config.data.path"
    )
  return found.popitem()[1]


def _labels_file(images_file: pathlib.Path) -> pathlib.Path | None:
  """Returns the file of labels beside a file of images, if there is one."""
  if "images" not in images_file.name:
    return None
  name = images_file.name.replace("images", "labels").replace("idx3", "idx1")
  plain = name.removesuffix(".gz")
  for candidate in (name, plain, f"{plain}.gz"):
    if (file := images_file.with_name(candidate)).is_file():
      return file
  return None
