import errno
import os
import stat

import numpy as np
import pytest

from cascade_jax import atomic
from cascade_jax.errors import UserError


def test_bytes_or_a_writer_replace_a_file(tmp_path):
  path = tmp_path / "x.npz"
  atomic.write(path, b"bytes")
  assert path.read_bytes() == b"bytes"
  atomic.write_by(path, lambda file: np.savez(file, a=np.arange(3)))
  assert np.load(path)["a"].tolist() == [0, 1, 2]
  assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_the_old_content_and_nothing_else(tmp_path):
  path = tmp_path / "x"
  atomic.write(path, b"old")

  def half(file):
    file.write(b"new")
    raise KeyboardInterrupt

  with pytest.raises(KeyboardInterrupt):
    atomic.write_by(path, half)
  assert path.read_bytes() == b"old"
  assert list(tmp_path.iterdir()) == [path]


def test_file_then_folder_are_flushed_around_the_renaming(
  tmp_path, monkeypatch
):
  path = tmp_path / "x"
  events = []

  def fsync(descriptor):
    is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
    size = None if is_folder else os.fstat(descriptor).st_size
    events.append((is_folder, size, path.exists()))

  monkeypatch.setattr(os, "fsync", fsync)
  atomic.write(path, b"four")
  assert events == [(False, 4, False), (True, None, True)]


@pytest.mark.parametrize(
  "error",
  [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError("3 requested and 0 written"),  # as NumPy says it
  ],
)
def test_a_full_disk_is_told_with_its_free_space(tmp_path, error):
  def full(_):
    raise error

  path = tmp_path / "x"
  atomic.write(path, b"old")
  with pytest.raises(UserError, match=r"x can't be written.*; [\d.,]+ MB are"):
    atomic.write_by(path, full)
  assert path.read_bytes() == b"old"
  assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_told(tmp_path):
  path = tmp_path / "none" / "x"
  with pytest.raises(UserError, match="none/x can't .*: No such file or dir"):
    atomic.write(path, b"")


def test_disks_that_flush_no_folders_are_no_error(tmp_path, monkeypatch):
  fsync = os.fsync

  def without_folders(descriptor):
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
      raise OSError(errno.EINVAL, "Invalid argument")
    fsync(descriptor)

  monkeypatch.setattr(os, "fsync", without_folders)
  atomic.write(tmp_path / "x", b"new")
  assert (tmp_path / "x").read_bytes() == b"new"
