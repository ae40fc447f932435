"""A run that is stopped at a step, as by its user."""

import os
import signal
import threading

import pytest

from cascade_jax import data


def stop_at(monkeypatch, step, number=signal.SIGTERM):
  """Sends this process a signal while the step is under way."""
  batch_indices = data.batch_indices

  def stopping(*args):
    # Once, by seed 0 and not by what reads ahead: a second signal would kill.
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and args[-2:] == (0, step):
      os.kill(os.getpid(), number)
    return batch_indices(*args)

  monkeypatch.setattr(data, "batch_indices", stopping)


def stopped_and_resumed(monkeypatch, step, train):
  """Returns what `train()` returns when it goes on after a stop at a step."""
  with monkeypatch.context() as patch:
    stop_at(patch, step)
    with pytest.raises(SystemExit):
      train()
  return train()
