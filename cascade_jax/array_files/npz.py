"""Archives of arrays, .npz files, as numpy.savez writes them.

A .zip file says everything twice, before each member and in a directory at the
end, and readers believe the directory. If a bit of it is flipped, members can
vanish without a word. Here both must agree, and the members must fill the file.
The values of a member are protected by its CRC-32.
"""

import contextlib
import pathlib
import struct
import zipfile
from collections.abc import Collection, Iterator
from typing import IO, NamedTuple

import numpy as np

from cascade_jax.array_files import npy
from cascade_jax.array_files.claims import check_names
from cascade_jax.array_files.damage import named
from cascade_jax.array_files.mapped import mapped_member
from cascade_jax.errors import UserError

MAGIC = b"PK\x03\x04"
_LOCAL = struct.Struct("<4s5H3L2H")  # the header before a member
_WIDE_SIZES = struct.Struct(
  "<2H2Q"
)  # its extra field, if ZIP64 holds the sizes
_END = struct.Struct("<4s4H2LH")  # the last record of the file
_IN_WIDE = 0xFFFFFFFF  # stands for a size that is in the extra field
_SIZES_FOLLOW = 0x08  # the flag of a member that was written to a pipe
_IS_UTF8 = 0x800  # the flag of a member's name


class Member(NamedTuple):
  """An array of an open archive.

  Attributes:
    name: of the array.
    archive: that it is in.
    info: its entry in the directory.
  """

  name: str
  archive: zipfile.ZipFile
  info: zipfile.ZipInfo

  def open(self) -> IO[bytes]:
    """Opens the .npy; its CRC is checked when its end is read."""
    return self.archive.open(self.info)

  def read(self) -> np.ndarray:
    """Reads the array.

    Raises:
      UserError: it is damaged, or as `npy.read`.
    """
    with named(self.name), self.open() as file:
      return npy.read(file, self.info.file_size, self.info.compress_size)

  def map(self, path: pathlib.Path) -> np.ndarray:
    """Maps the array into memory, without a look at its values.

    Args:
      path: of the archive.

    Raises:
      UserError: as `mapped.mapped_member`, or the header is damaged.
    """
    with named(self.name):
      return mapped_member(path, self.info)


def read(
  path: pathlib.Path, known: Collection[str], streamed: Collection[str] = ()
) -> dict[str, np.ndarray]:
  """Returns all arrays of a file by name.

  Args:
    path: of the .npz.
    known: the names that arrays may have.
    streamed: those that are left in the file, which is mapped into memory.

  Raises:
    UserError: there is no such file, it isn't an .npz or is damaged, or an
      array has an unknown name, is of Python objects or too large, or
      compressed though it is to be streamed. The message names the file and,
      where it is about one, the array.
  """
  with named(path), opened(path) as members:
    check_names(members, known)
    return {
      name: member.map(path) if name in streamed else member.read()
      for name, member in members.items()
    }


@contextlib.contextmanager
def opened(path: pathlib.Path) -> Iterator[dict[str, Member]]:
  """Opens an archive and yields its arrays, unread, by name.

  Raises:
    UserError: something in it is no array.
    Exception: it is damaged, which many kinds of exceptions say.
  """
  with path.open("rb") as file:
    if not zipfile.is_zipfile(file):
      raise ValueError("it is not a whole .npz file")
    with zipfile.ZipFile(file) as archive:
      _check_directory(file, archive)
      members = [
        Member(_array_name(info), archive, info) for info in archive.infolist()
      ]
      by_name = {member.name: member for member in members}
      if len(by_name) < len(members):
        raise ValueError("two of its arrays have the same name")
      yield by_name


def _array_name(info: zipfile.ZipInfo) -> str:
  """The name without .npy; `filename` would end at a 0 in the name."""
  name = info.orig_filename.removesuffix(".npy")
  if name == info.orig_filename:
    raise UserError(f"{info.orig_filename!r} in it is not an array (.npy)")
  return name


def _check_directory(file: IO[bytes], archive: zipfile.ZipFile) -> None:
  """Checks that the directory lists all that is in the file.

  Raises:
    ValueError: bytes follow the last record, which may hide the true one; the
      directory has fewer or more entries than that record says; an entry is
      not what stands before the member; or there is something between members.
  """
  infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
  file.seek(-_END.size, 2)
  signature, *counts, _, _, comment = _END.unpack(file.read())
  if signature != b"PK\x05\x06" or comment:
    raise ValueError("there are bytes after its end")
  if counts[2:] != [len(infos)] * 2:
    raise ValueError(
      f"it should hold {counts[3]} arrays, and {len(infos)} are to be found"
    )
  position = 0
  for info in infos:
    if info.header_offset != position:
      raise ValueError(
        f"there are bytes before {info.filename} that none lists"
      )
    position = _end_of_member(file, info)
  if archive.start_dir != position:
    raise ValueError("there are bytes after the arrays that none lists")


def _end_of_member(file: IO[bytes], info: zipfile.ZipInfo) -> int:
  """Returns where a member ends, whose two descriptions must agree.

  Raises:
    ValueError: they don't.
  """
  file.seek(info.header_offset)
  start = _LOCAL.unpack(file.read(_LOCAL.size))
  signature, _, flags, method, _, _, *sizes, name_length, extra_length = start
  name, extra = file.read(name_length), file.read(extra_length)
  is_wide = _IN_WIDE in sizes[1:]
  if is_wide:
    _, _, unpacked, packed = _WIDE_SIZES.unpack(extra[: _WIDE_SIZES.size])
    sizes[1:] = packed, unpacked
  file.seek(info.compress_size, 1)
  if flags & _SIZES_FOLLOW and sizes == [0, 0, 0]:
    last = struct.Struct("<4sL2Q" if is_wide else "<4s3L")
    _, *sizes = last.unpack(file.read(last.size))
  encoding = "utf-8" if info.flag_bits & _IS_UTF8 else "cp437"
  if (signature, flags, method, name, sizes) != (
    MAGIC,
    info.flag_bits,
    info.compress_type,
    info.orig_filename.encode(encoding),
    [info.CRC, info.compress_size, info.file_size],
  ):
    raise ValueError(
      f"what the directory says of {info.filename} differs from what stands "
      "before it"
    )
  return file.tell()
