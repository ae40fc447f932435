"""Ctrl-C and SIGTERM as a request to stop after the current step."""

import signal
import threading


class StopSignal:
  """Within the context, `received` says whether to stop.

  A second Ctrl-C interrupts at once, as usual. Outside the main thread, where
  Python can't catch signals, nothing is caught.
  """

  received: signal.Signals | None = None

  def __enter__(self) -> "StopSignal":
    self._previous = {}
    if threading.current_thread() is threading.main_thread():
      for number in (signal.SIGINT, signal.SIGTERM):
        self._previous[number] = signal.signal(number, self._receive)
    return self

  def __exit__(self, *unused) -> None:
    self._restore()

  def _receive(self, number, frame) -> None:
    self.received = signal.Signals(number)
    self._restore()

  def _restore(self) -> None:
    for number, handler in self._previous.items():
      signal.signal(number, handler)
    self._previous = {}
