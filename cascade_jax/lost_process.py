"""One line in place of pages when another process of a run has died.

JAX's distributed runtime then aborts this process from C++, with a stack trace
that no exception handler sees. So what goes to the standard error passes
through a small process of its own, which knows that message.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator

MESSAGE = (
  "another process of this run has ended or can't be reached, so this one ends "
  "too. The same command for each process goes on from the last checkpoint."
)
_FATAL = re.compile(
  rb"[EF]\d{4} .*(coordination_service|the JAX distributed service detected)"
)


def explain() -> None:
  """Makes what this process writes to the standard error pass the filter."""
  reading, writing = os.pipe()
  os.posix_spawn(
    sys.executable,
    # -I: it needs nothing but this file, so it starts at once.
    [sys.executable, "-I", __file__],
    os.environ,
    file_actions=[(os.POSIX_SPAWN_DUP2, reading, 0)],
    setpgroup=0,  # Ctrl-C is not for it
  )
  os.dup2(writing, 2)
  os.close(reading)
  os.close(writing)


def filtered(lines: Iterable[bytes]) -> Iterator[bytes]:
  """Yields lines up to that message, and one line in its place."""
  for line in lines:
    if _FATAL.match(line):
      yield f"UserError: {MESSAGE}\n".encode()
      return
    yield line


def _filter() -> None:
  """Writes what it reads; reads to the end, or the writer would be killed."""
  for line in filtered(iter(sys.stdin.buffer.readline, b"")):
    os.write(2, line)
  for _ in sys.stdin.buffer:
    pass


if __name__ == "__main__":
  _filter()
