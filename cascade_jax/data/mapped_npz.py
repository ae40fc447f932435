"""Arrays of an .npz that are mapped into memory, which NumPy does for .npy."""

import pathlib
import struct
import zipfile

import numpy as np

from cascade_jax.errors import UserError

# Where the header that precedes a file in a .zip has the lengths of the two
# fields that follow it (PKWARE's APPNOTE.TXT, 4.3.7).
_LENGTHS = 26
_READ_HEADER = {
  (1, 0): np.lib.format.read_array_header_1_0,
  (2, 0): np.lib.format.read_array_header_2_0,
}


def mapped_array(path: pathlib.Path, member: zipfile.ZipInfo) -> np.ndarray:
  """Maps an array of an uncompressed .npz into memory.

  Args:
    path: of the .npz.
    member: the .npy in it.

  Raises:
    UserError: the .npz is compressed.
    ValueError: the array is cut off or of Python objects.
  """
  if member.compress_type != zipfile.ZIP_STORED:
    raise UserError(
      f"{path} is compressed, so its images can't be streamed; write it with "
      "numpy.savez, or the images alone with numpy.save"
    )
  with path.open("rb") as file:
    file.seek(member.header_offset + _LENGTHS)
    file.seek(sum(struct.unpack("<HH", file.read(4))), 1)
    version = np.lib.format.read_magic(file)
    shape, is_fortran, dtype = _READ_HEADER[version](file)
    if dtype.hasobject:
      raise ValueError("an array of Python objects can't be mapped into memory")
    start = file.tell()
  return np.memmap(
    path, dtype, "r", start, shape, order="F" if is_fortran else "C"
  )
