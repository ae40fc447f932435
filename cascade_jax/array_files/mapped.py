"""Arrays that stay in their file, which is mapped into memory.

Their values are read when they are asked for, so no checksum is compared.
"""

import pathlib
import struct
import zipfile

import numpy as np

from cascade_jax.array_files import npy
from cascade_jax.array_files.damage import named
from cascade_jax.errors import UserError

# Where the header that precedes a member of a .zip has the lengths of the two
# fields that follow it (PKWARE's APPNOTE.TXT, 4.3.7).
_LENGTHS = 26


def mapped_file(path: pathlib.Path) -> np.ndarray:
  """Maps the array of an .npy file.

  Raises:
    UserError: it is damaged, or its type is one that isn't read.
  """
  with named(path):
    return _mapped(path, 0, path.stat().st_size)


def mapped_member(path: pathlib.Path, info: zipfile.ZipInfo) -> np.ndarray:
  """Maps an array of an .npz.

  Args:
    path: of the .npz.
    info: the entry of the array in its directory.

  Raises:
    UserError: the .npz is compressed, or the type is one that isn't read.
    ValueError: the array is damaged.
  """
  if info.compress_type != zipfile.ZIP_STORED:
    raise UserError(
      "it is compressed, so it can't be streamed; write the file with "
      "numpy.savez, or the images alone with numpy.save"
    )
  with path.open("rb") as file:
    file.seek(info.header_offset + _LENGTHS)
    lengths = sum(struct.unpack("<HH", file.read(4)))
    return _mapped(path, file.tell() + lengths, info.file_size)


def _mapped(path: pathlib.Path, start: int, size: int) -> np.ndarray:
  """Maps the .npy that takes `size` bytes of a file, from `start` on."""
  with path.open("rb") as file:
    file.seek(start)
    header = npy.read_header(file, size)
  return np.memmap(
    path,
    header.dtype,
    mode="r",
    offset=start + header.num_bytes,
    shape=header.shape,
    order="F" if header.is_fortran else "C",
  )
