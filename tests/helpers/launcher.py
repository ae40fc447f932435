"""Commands with their exit status and output, in a process or in this one."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import warnings
from typing import NamedTuple
from unittest import mock

from absl import app, flags, logging

from cascade_jax.commands import console as console_lib
from cascade_jax.commands import launch as launch_lib


class Result(NamedTuple):
  """The exit status and the output, named as subprocess names them."""

  returncode: int
  stdout: str
  stderr: str


def launch(command, *arguments):
  """Runs a command as a user does, in a process of its own."""
  return subprocess.run(
    [sys.executable, "-m", f"experiments.{command}", *map(str, arguments)],
    capture_output=True,
    text=True,
  )


def call(command, *arguments):
  """Runs a command as `launch` does, but in this process: no new imports.

  An exception that would end in a traceback is raised instead.
  """
  program = f"experiments/{command}.py"
  return _captured(lambda: launch_lib.run(command), program, *arguments)


def console(*arguments):
  """Runs the console script in this process, as `call` does."""
  return _captured(console_lib.main, "cascade-jax", *arguments)


def _captured(main, *argv):
  argv = [str(argument) for argument in argv]
  code, handler = 0, signal.getsignal(signal.SIGINT)
  stdout, stderr = io.StringIO(), io.StringIO()
  with (
    mock.patch.object(sys, "argv", argv),
    mock.patch.object(sys, "unraisablehook", sys.unraisablehook),
    mock.patch.dict(os.environ, MALLOC_TOP_PAD_="0"),  # so it doesn't restart
    contextlib.redirect_stdout(stdout),
    contextlib.redirect_stderr(stderr),
    _restored_flags(),
    _log_lines_to(stderr),
    warnings.catch_warnings(),
  ):
    # ml_collections loads config files in this way.
    warnings.filterwarnings("ignore", "the load_module", DeprecationWarning)
    try:
      main()
    except SystemExit as stop:
      code = stop.code
    finally:
      signal.signal(signal.SIGINT, handler)
  if isinstance(code, str):
    stderr.write(f"{code}\n")
    code = 1
  return Result(code or 0, stdout.getvalue(), stderr.getvalue())


@contextlib.contextmanager
def _restored_flags():
  """Removes the flags that were registered meanwhile, and their values."""
  app.define_help_flags()  # which absl registers only once in a process
  names = set(flags.FLAGS)
  try:
    yield
  finally:
    for name in set(flags.FLAGS) - names:
      delattr(flags.FLAGS, name)
    flags.FLAGS.unparse_flags()


@contextlib.contextmanager
def _log_lines_to(stream):
  """Sends absl's log lines to a stream, and stops them afterwards."""
  handler = logging.get_absl_handler()
  root = logging.logging.getLogger()
  verbosity, handlers = logging.get_verbosity(), list(root.handlers)
  before = handler.python_handler.setStream(stream)
  try:
    yield
  finally:
    handler.python_handler.setStream(before or sys.stderr)
    root.handlers[:] = handlers
    logging.set_verbosity(verbosity)
