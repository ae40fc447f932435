"""Something that is tried on a run, in this process or in one to be killed."""

import contextlib
import logging
import multiprocessing
import signal
import traceback
import warnings
from typing import NamedTuple

from absl import logging as absl_logging

from cascade_jax.errors import UserError

TIMEOUT = 300  # seconds, after which a process hangs

# A fork of a process that has imported everything, and has not started JAX.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.conftest", "tests.faults.run"])


class Attempt(NamedTuple):
  """How it ended.

  Attributes:
    ending: "done"; "refused", by an error of ours; "failed", by any other
      exception; "killed"; or "hung".
    message: of the exception, or its traceback.
    warned: the warnings of the log.
    told: all lines of the log.
    result: what it returned.
  """

  ending: str
  message: str = ""
  warned: tuple[str, ...] = ()
  told: tuple[str, ...] = ()
  result: object = None


def attempt(task, *arguments):
  """Calls a function in this process."""
  with _log_lines() as lines, warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ending, message, result = "done", "", None
    try:
      with _time_limit():
        result = task(*arguments)
    except TimeoutError as error:
      ending, message = "hung", str(error)
    except UserError as error:
      ending, message = "refused", str(error)
    except SystemExit as stop:
      ending, message = "refused", f"exit {stop.code}"
    except Exception:
      ending, message = "failed", traceback.format_exc()
  told = tuple(record.getMessage() for record in lines)
  warned = tuple(
    record.getMessage() for record in lines if record.levelno > logging.INFO
  )
  return Attempt(ending, message, warned, told, result)


class Child:
  """The same in a process of its own.

  Args:
    task: a function of the folder.
    folder: of the run.
    prepare: called before it with the folder and the child's end of a pipe; it
      puts a fault.
  """

  def __init__(self, task, folder, prepare=None):
    self.pipe, end = _FORKS.Pipe()
    self.process = _FORKS.Process(
      target=_child, args=(task, folder, prepare, end)
    )
    self.process.start()
    end.close()
    self.events = []

  def next_event(self):
    """Waits for what the child says of itself; None if it has ended."""
    if not self.pipe.poll(TIMEOUT):
      return None
    try:
      return self.pipe.recv()
    except EOFError:
      return None

  def ended(self):
    """Waits for the end; returns how it came."""
    while (event := self.next_event()) is not None:
      self.events.append(event)
    hung = self.process.is_alive() and not self._joins(10)
    if hung:
      self.process.kill()
    self.process.join()
    if self.events and isinstance(self.events[-1], Attempt):
      return self.events.pop()
    if hung:
      return Attempt("hung", f"no word for {TIMEOUT} seconds")
    code = self.process.exitcode
    return Attempt("killed" if code == -9 else "failed", f"exit status {code}")

  def _joins(self, seconds):
    self.process.join(seconds)
    return not self.process.is_alive()


def _child(task, folder, prepare, pipe):
  absl_logging.use_absl_handler()
  absl_logging.set_verbosity(absl_logging.INFO)
  absl_logging.get_absl_handler().addFilter(lambda record: False)
  if prepare:
    prepare(folder, pipe)
  pipe.send(attempt(task, folder)._replace(result=None))


@contextlib.contextmanager
def _time_limit():
  def stop(number, frame):
    raise TimeoutError(f"no end after {TIMEOUT} seconds")

  before = signal.signal(signal.SIGALRM, stop)
  signal.alarm(TIMEOUT)
  try:
    yield
  finally:
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _log_lines():
  """Collects the records of the log, ours and those of others' warnings."""
  lines = []
  handler = logging.Handler()
  handler.emit = lines.append
  logger = logging.getLogger("absl")
  level, propagates = logger.level, logger.propagate
  logger.addHandler(handler)
  logger.propagate = False
  absl_logging.set_verbosity(absl_logging.INFO)
  try:
    yield lines
  finally:
    logger.removeHandler(handler)
    logger.propagate = propagates
    logger.setLevel(level)
