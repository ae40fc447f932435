"""Ctrl-C in a command: one line, whatever is under way."""

import contextlib
import os
import signal
import sys
import types
from collections.abc import Callable, Iterator

STATUS = 128 + signal.SIGINT
_NOTHING_LOST = "nothing is half-written; run the command again"


def end_at_once() -> None:
  """Makes Ctrl-C end the process at once; for the time of the imports.

  An exception is no way to leave them: modules in C turn it into others, print
  it, abort or pass over it. No file is being written yet.
  """
  _handle_by(_end)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
  """A context in which Ctrl-C raises a KeyboardInterrupt and ends in one line.

  The line is that of the KeyboardInterrupt, if what raised it again has given
  it one. After the context Ctrl-C ends the process without a word, as the
  system does, because Python would print a traceback of its shutdown.

  Raises:
    SystemExit: after Ctrl-C.
  """
  received: list[int] = []

  def interrupt(number: int, _: types.FrameType | None) -> None:
    received.append(number)
    raise KeyboardInterrupt

  _handle_by(interrupt)
  try:
    yield
  except BaseException as error:
    # A library can turn a KeyboardInterrupt into another error.
    if not received and not isinstance(error, KeyboardInterrupt):
      raise
    said = str(error) if isinstance(error, KeyboardInterrupt) else ""
    print(_line(said or _NOTHING_LOST), end="", file=sys.stderr)
    sys.exit(STATUS)
  finally:
    _handle_by(signal.SIG_DFL)


def _handle_by(
  handler: Callable[[int, types.FrameType | None], None] | signal.Handlers,
) -> None:
  # A shell ignores Ctrl-C for what it starts in the background.
  if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, handler)


def _end(number: int, _: types.FrameType | None) -> None:
  os.write(2, _line(_NOTHING_LOST).encode())
  os._exit(STATUS)


def _line(text: str) -> str:
  return f"Interrupted: {text}\n"
