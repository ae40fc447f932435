"""File events of a process: the moments at which a fault is put.

Python tells of every file that is about to be opened, renamed or deleted. What
TensorStore writes by itself is between two such events.
"""

import errno
import os
import pathlib
import re
import signal
import sys
from typing import NamedTuple

_ACTIONS = {
  "open": "write",
  "os.rename": "rename",
  "os.remove": "delete",
  "os.rmdir": "delete",
  "os.mkdir": "make",
  "shutil.rmtree": "delete",
}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
BALLAST = "ballast"  # beside the run, on its disk


class Event(NamedTuple):
  """A file that is about to be changed."""

  action: str  # "write", "rename", "make" or "delete"
  name: str  # below the folder of the run, numbers as N

  def __str__(self):
    return f"{self.action} {self.name}"


class Watch:
  """Puts a fault at one of the events in a folder; for a child to call first.

  Args:
    number: of the event, from 0; None only to tell of all.
    fault: one of those below, called with the folder, the pipe and the event.
  """

  def __init__(self, number=None, fault=None):
    self._number, self._fault = number, fault

  def __call__(self, folder, pipe):
    self._folder, self._pipe = pathlib.Path(folder).resolve(), pipe
    self._count, self._is_busy, self._lasting = 0, False, None
    sys.addaudithook(self._hear)

  def _hear(self, name, arguments):
    if name not in _ACTIONS or self._is_busy or not arguments:
      return
    if name == "open" and not arguments[2] & _WRITES:
      return
    event = self._event(name, arguments[0])
    if event is None:
      return
    self._is_busy = True
    try:
      self._put_fault(event)
    finally:
      self._is_busy = False

  def _put_fault(self, event):
    number, self._count = self._count, self._count + 1
    if self._number is None:
      self._pipe.send(event)
    elif number == self._number:
      self._lasting = self._fault(self._folder, self._pipe, event)
    # Deletion goes on: shutil.rmtree could not ignore an error from here.
    if self._lasting and event.action != "delete":
      raise self._lasting

  def _event(self, name, path):
    if not isinstance(path, str | bytes | os.PathLike):
      return None
    path = pathlib.Path(os.path.abspath(os.fsdecode(path)))
    if not path.is_relative_to(self._folder) or path == self._folder:
      return None
    relative = str(path.relative_to(self._folder))
    return Event(_ACTIONS[name], without_numbers(relative))


def without_numbers(name):
  """Returns a file's name with N for numbers, and without random parts."""
  name = re.sub(r"\b[0-9a-f]{32}\b", "HASH", name)
  name = re.sub(r"\.orbax-checkpoint-tmp[-\d]*", ".tmp", name)
  return re.sub(r"(?<![a-z_])\d+", "N", name)


def kill(folder, pipe, event):
  """SIGKILL before the event."""
  pipe.send(event)
  os.kill(os.getpid(), signal.SIGKILL)


def fill_disk(folder, pipe, event):
  """Leaves no space on the disk, which is small."""
  pipe.send(event)
  with open(folder.parent / BALLAST, "ab", buffering=0) as file:
    try:
      while True:
        file.write(bytes(2**12))
    except OSError as error:
      assert error.errno == errno.ENOSPC


def no_space(folder, pipe, event):
  """Says from now on that the disk is full."""
  pipe.send(event)
  return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_only(folder, pipe, event):
  """Says from now on that the disk is read-only."""
  pipe.send(event)
  return OSError(errno.EROFS, os.strerror(errno.EROFS))


def hold(folder, pipe, event):
  """Waits until the pipe says to go on."""
  pipe.send(event)
  pipe.recv()
