"""Ctrl-C and SIGTERM as a request to stop after the current step."""

import signal
import threading
import types

from cascade_jax import hosts


class StopSignal:
  """A context in which `received` is the signal that asked to stop, if any.

  After the first signal the previous handlers are back, so a second Ctrl-C
  interrupts at once. Python handles signals in the main thread only; in other
  threads the context catches nothing.
  """

  received: signal.Signals | None = None

  def asked(self, now: bool) -> bool:
    """Returns whether to stop; in all processes of the run alike.

    Args:
      now: whether processes tell each other of their signals. Until they do,
        several of them go on; a single one stops at once.
    """
    if hosts.count() > 1:
      if not now:
        return False
      number = hosts.largest(self.received or 0)
      self.received = signal.Signals(number) if number else None
    return self.received is not None

  def __enter__(self) -> "StopSignal":
    self._previous = {}
    if threading.current_thread() is threading.main_thread():
      for number in (signal.SIGINT, signal.SIGTERM):
        self._previous[number] = signal.signal(number, self._receive)
    return self

  def __exit__(self, *unused: object) -> None:
    self._restore()

  def _receive(self, number: int, frame: types.FrameType | None) -> None:
    self.received = signal.Signals(number)
    self._restore()

  def _restore(self) -> None:
    for number, handler in self._previous.items():
      signal.signal(number, handler)
    self._previous = {}
