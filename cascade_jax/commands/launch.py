"""The frame of every command: its flags, log lines and errors."""

import importlib
import logging as python_logging
import os
import platform
import sys
import threading
import types
from typing import Any

from absl import app, flags, logging

import cascade_jax
from cascade_jax.activity import activity
from cascade_jax.commands import interrupts
from cascade_jax.errors import UserError

# glibc hands large buffers back to the kernel after every step, and page
# faults follow: these keep them, for 20-40 % shorter updates on CPU. The
# allocator reads them when the process starts.
_ALLOCATOR = {
  "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
  "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
  "MALLOC_TOP_PAD_": str(256 << 20),
}
_ORBAX_THREADS = "orbax/checkpoint/_src/futures/future.py"
# Docstrings and messages name commands in this way.
_IN_A_CLONE = "python -m experiments."


def run(
  name: str, argv: list[str] | None = None, prefix: str = _IN_A_CLONE
) -> None:
  """Runs a command in this process, which ends with it.

  A `UserError` is shown as one line, and with its traceback under
  `--verbosity=1`; every other exception keeps its traceback. Ctrl-C is one line
  too (`interrupts`). The process first restarts itself once, for the
  allocator's settings, unless one of them is set.

  Args:
    name: of the command, a module of `cascade_jax.commands`.
    argv: the program and the command's own arguments; None for `sys.argv`.
    prefix: of the command's name, as the user calls it.
  """
  interrupts.end_at_once()
  if platform.libc_ver()[0] == "glibc" and not _ALLOCATOR.keys() & os.environ:
    os.execve(sys.executable, sys.orig_argv, {**os.environ, **_ALLOCATOR})
  flags.FLAGS(sys.argv[:1])  # absl warns of log lines before it has any flags
  show_progress()
  sys.unraisablehook = _show_unraisable
  # Not above: it takes seconds, which the restart would double.
  with activity("importing jax and the command"):
    import jax

    command = importlib.import_module(f"cascade_jax.commands.{name}")
  jax.config.config_with_absl()
  others = set(flags.FLAGS)
  command.define_flags()
  _describe(command, sorted(set(flags.FLAGS) - others), prefix)
  app.run(
    lambda rest: _call(command, rest[1:], prefix),
    argv=argv,
    flags_parser=_parse,
  )


def show_progress() -> None:
  """Shows the log lines of this package, and warnings of others.

  Without a command line, as in a notebook, lines are their message alone.
  """
  logging.use_absl_handler()
  logging.set_verbosity(logging.INFO)
  # jax 0.7 has a handler of its own, which that level would open too.
  python_logging.getLogger("jax").setLevel(python_logging.WARNING)
  handler = logging.get_absl_handler()
  handler.addFilter(_is_ours_or_a_warning)
  if not flags.FLAGS.is_parsed():  # in a notebook
    flags.FLAGS.mark_as_parsed()  # or absl warns that they are not
    handler.setFormatter(python_logging.Formatter("%(message)s"))


def _describe(
  command: types.ModuleType, flag_names: list[str], prefix: str
) -> None:
  """Makes `--help` show the command's docstring and flags."""
  doc = (command.__doc__ or "").replace(_IN_A_CLONE, prefix)
  sys.modules["__main__"].__doc__ = doc
  for name in flag_names:
    flags.FLAGS.register_key_flag_for_module(sys.argv[0], flags.FLAGS[name])


def _parse(argv: list[str]) -> list[str]:
  # Not above: it imports jax.
  from cascade_jax.commands.arguments import parsed

  try:
    return parsed(flags.FLAGS, argv)
  except UserError as error:
    sys.exit(str(error))


def _call(command: types.ModuleType, arguments: list[str], prefix: str) -> None:
  if flags.FLAGS["verbosity"].present:
    logging.get_absl_handler().removeFilter(_is_ours_or_a_warning)
  with interrupts.interruptible():
    try:
      command.main(arguments)
    except UserError as error:
      logging.debug("traceback", exc_info=True)
      message = str(error).replace(_IN_A_CLONE, prefix)
      sys.exit(f"{type(error).__name__}: {message}")


def _is_ours_or_a_warning(record: python_logging.LogRecord) -> bool:
  """Returns whether to show a record; Orbax logs a page for each checkpoint.

  Its threads also log the errors of a save with their tracebacks, although it
  raises them in the main thread.
  """
  package = os.path.dirname(cascade_jax.__file__)
  if record.pathname.endswith(_ORBAX_THREADS):
    return False
  return record.levelno > 20 or record.pathname.startswith(package)


def _show_unraisable(unraisable: Any) -> None:
  """Shows an exception that nothing can catch, unless TensorStore raised it.

  After an error, each of its threads says without further notice that nobody
  waits for it any more.
  """
  is_main = threading.current_thread() is threading.main_thread()
  if is_main or unraisable.object is not None or unraisable.err_msg is not None:
    sys.__unraisablehook__(unraisable)
