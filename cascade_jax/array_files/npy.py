"""One array in NumPy's .npy format, from a file or from a member of an .npz."""

import io
import math
import pathlib
from typing import IO, NamedTuple

import numpy as np
from absl import logging
from numpy.lib import format as npy_format

from cascade_jax.array_files.claims import check_size
from cascade_jax.array_files.damage import named
from cascade_jax.errors import UserError

MAGIC = npy_format.MAGIC_PREFIX
_LONGEST_HEADER = 10_000  # bytes; more can crash Python's parser
_PIECE = 2**20  # bytes at a time
# By version: the bytes that hold the header's length, and NumPy's parser.
_VERSIONS = {
  (1, 0): (2, npy_format.read_array_header_1_0),
  (2, 0): (4, npy_format.read_array_header_2_0),
}


class Header(NamedTuple):
  """What an .npy file says of its array.

  Attributes:
    shape: of the array.
    is_fortran: whether the first index varies fastest.
    dtype: of the values, in the file's order of bytes.
    num_bytes: of the header itself.
  """

  shape: tuple[int, ...]
  is_fortran: bool
  dtype: np.dtype
  num_bytes: int

  @property
  def data_bytes(self) -> int:
    """The bytes of all values."""
    return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: IO[bytes], size: int) -> Header:
  """Reads the header; `file` is then at the first value.

  Args:
    file: at the beginning of the .npy.
    size: bytes of the header and all values.

  Raises:
    UserError: the array is of a type that isn't read.
    ValueError: the header is damaged or says another size. NumPy's parser has
      other exceptions too.
  """
  start = file.read(npy_format.MAGIC_LEN)
  version = npy_format.read_magic(io.BytesIO(start))
  if version not in _VERSIONS:
    raise ValueError(f"its format {version} is not 1.0 or 2.0")
  width, parse = _VERSIONS[version]
  length = file.read(width)
  count = int.from_bytes(length, "little")
  if count > _LONGEST_HEADER:
    raise ValueError(f"its header has {count} bytes, not {_LONGEST_HEADER}")
  parsed = parse(io.BytesIO(length + file.read(count)), _LONGEST_HEADER)
  header = Header(*parsed, npy_format.MAGIC_LEN + width + count)
  _check_type(header.dtype)
  if min(header.shape, default=0) < 0:
    raise ValueError(f"its shape is {header.shape}")
  if header.num_bytes + header.data_bytes != size:
    raise ValueError(
      f"{header.dtype} {list(header.shape)} takes {header.data_bytes} bytes, "
      f"and there are {size - header.num_bytes}"
    )
  return header


def read_file(path: pathlib.Path) -> np.ndarray:
  """Returns the array of an .npy file, which has no checksum; the log says so.

  Raises:
    UserError: the file can't be read, is damaged, or as `read`.
  """
  logging.info(
    "%s has no checksum, so damage to its values can't be noticed; an .npz has"
    " one for each array (numpy.savez)",
    path,
  )
  size = path.stat().st_size
  with named(path), path.open("rb") as file:
    return read(file, size, size)


def read(file: IO[bytes], size: int, stored: int) -> np.ndarray:
  """Returns the array, in C order and in this machine's order of bytes.

  Args:
    file: at the beginning of the .npy, which ends where the file does.
    size: bytes of the header and all values.
    stored: bytes that these take in the file, fewer if they are compressed.

  Raises:
    UserError: as `read_header`, or the array is too large (`check_size`).
    ValueError: as `read_header`.
  """
  header = read_header(file, size)
  check_size(header.data_bytes, stored)
  flat = np.empty(math.prod(header.shape), header.dtype)
  fill(file, flat)
  array = flat.reshape(header.shape, order="F" if header.is_fortran else "C")
  return np.asarray(array, header.dtype.newbyteorder("="), order="C")


def fill(file: IO[bytes], array: np.ndarray) -> None:
  """Fills a contiguous array with the next bytes of a file.

  A member of an .npz compares its CRC when its last byte is read. Values end
  there, as `read_header` has checked.

  Raises:
    ValueError: the file ends before.
    zipfile.BadZipFile: the values aren't those that were written.
  """
  flat = array.reshape(-1).view(np.uint8).data
  done = 0
  while done < len(flat):
    piece = file.read(min(_PIECE, len(flat) - done))
    if not piece:
      raise ValueError(f"it ends {len(flat) - done} bytes early")
    flat[done : done + len(piece)] = piece
    done += len(piece)


def _check_type(dtype: np.dtype) -> None:
  if dtype.hasobject:
    raise UserError(
      "it is of Python objects, which only a pickle holds, and no pickle is "
      "read; save an array of numbers or strings"
    )
  if dtype.kind == "V":
    raise UserError(
      f"it is of type {dtype}; save numbers of a type of NumPy's, such as "
      "float32, and each field as an array of its own"
    )
  if not dtype.itemsize:
    raise UserError(f"it is of type {dtype}, whose values take no bytes")
