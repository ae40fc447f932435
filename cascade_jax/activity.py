"""Log lines of what takes long, so that no command is silent for long."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from absl import logging

SECONDS = 15.0  # between two lines, at most


@contextlib.contextmanager
def activity(
  what: str, announced: bool = True
) -> Iterator[Callable[[str], None]]:
  """Says what is being done, and says it again while it lasts.

  A thread of its own does that, because compilers and solvers give no sign of
  life themselves.

  Args:
    what: is done, such as "compiling the step".
    announced: whether it is said at the start too; otherwise only what lasts
      for `SECONDS` is mentioned.

  Yields:
    A function that takes how far it is, such as "half 3 of 10".
  """
  if announced:
    logging.info("%s", what)
  started, done = time.monotonic(), threading.Event()
  reached = ""

  def reach(text: str) -> None:
    nonlocal reached
    reached = f"{text}, "

  def repeat() -> None:
    while not done.wait(SECONDS):
      seconds = time.monotonic() - started
      logging.info("%s: %s%.0f s so far", what, reached, seconds)

  thread = threading.Thread(target=repeat, daemon=True)
  thread.start()
  try:
    yield reach
  finally:
    done.set()
    thread.join()
