"""Files that are written as a whole or not at all.

A file is written under a temporary name in its own folder, flushed to the disk
and renamed; then the folder is flushed too. A kill or a power cut at any moment
leaves the old content or all of the new.
"""

import contextlib
import errno
import os
import pathlib
import shutil
from collections.abc import Callable, Iterator
from typing import BinaryIO

from cascade_jax.errors import UserError

# NumPy raises errors without a number when the disk is full.
_FULL = (errno.ENOSPC, errno.EDQUOT, None)


def write(path: pathlib.Path, content: bytes) -> None:
  """Writes a file atomically.

  Raises:
    UserError: as for `naming`.
  """
  write_by(path, lambda file: file.write(content))


def write_by(path: pathlib.Path, writer: Callable[[BinaryIO], object]) -> None:
  """Writes a file atomically by a function, such as a figure's `savefig`.

  Args:
    path: of the file.
    writer: takes the open binary file, and leaves it open.

  Raises:
    UserError: as for `naming`. Whatever is raised, nothing half-written stays.
  """
  partial = path.with_name(f".{path.name}.partial")
  with naming(path):
    try:
      with partial.open("wb") as file:
        writer(file)
        file.flush()
        os.fsync(file.fileno())
      partial.replace(path)
    except BaseException:
      with contextlib.suppress(OSError):
        partial.unlink()
      raise
    _flush_folder(path.parent)


@contextlib.contextmanager
def naming(path: pathlib.Path) -> Iterator[None]:
  """Turns the system's errors while a file is written into one line.

  Raises:
    UserError: names the file and, where the disk is full, the free space.
  """
  try:
    yield
  except OSError as error:
    reason = error.strerror or str(error)
    if error.errno in _FULL:
      megabytes = shutil.disk_usage(path.parent).free / 1e6
      reason += f"; {megabytes:,.1f} MB are free on its disk"
    raise UserError(f"{path} can't be written: {reason}") from error


def _flush_folder(folder: pathlib.Path) -> None:
  """Makes the renaming of a file in the folder outlast a power cut."""
  descriptor = os.open(folder, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  except OSError as error:
    if error.errno != errno.EINVAL:  # some network disks flush no folders
      raise
  finally:
    os.close(descriptor)
