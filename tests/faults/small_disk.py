"""A disk of a few MB in memory, where mounting is allowed."""

import contextlib
import pathlib
import subprocess

from tests.faults import events

_SIZE = "16m"


class SmallDisk:
  """The mounted disk.

  Attributes:
    folder: where it is mounted.
  """

  def __init__(self, folder):
    self.folder = pathlib.Path(folder)

  def free(self):
    """Takes away what `events.fill_disk` filled the disk with."""
    (self.folder / events.BALLAST).unlink(missing_ok=True)

  def make(self, mode):
    """Makes the disk read-only, "ro", or writable again, "rw"."""
    _run("mount", "-o", f"remount,{mode}", self.folder)


@contextlib.contextmanager
def mounted(folder):
  """Yields the disk, or None where mounting is not allowed."""
  folder.mkdir()
  try:
    _run("mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", folder)
  except (OSError, subprocess.CalledProcessError):
    yield None
    return
  try:
    yield SmallDisk(folder)
  finally:
    _run("umount", "--lazy", folder)


def _run(*command):
  subprocess.run([*map(str, command)], check=True, capture_output=True)
