"""A disk that gets full while one file is written."""

import errno
import os
import pathlib


def fill(monkeypatch, path):
  """Makes the disk full for a file that is written whole, and for no other."""
  fsync = os.fsync

  def full(descriptor):
    written = pathlib.Path(f"/proc/self/fd/{descriptor}").resolve()
    if written.parent == path.parent and path.name in written.name:
      raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    fsync(descriptor)

  monkeypatch.setattr(os, "fsync", full)
