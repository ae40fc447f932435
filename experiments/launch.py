"""What every launcher does around its main function."""

import os
import pathlib
import platform
import sys
from collections.abc import Callable

import jax
from absl import app, flags, logging

import cascade_jax
from cascade_jax.errors import UserError

# glibc hands large buffers back to the kernel after every step, and page
# faults follow: these keep them, for 20-40 % shorter updates on CPU. The
# allocator reads them when the process starts.
_ALLOCATOR = {
  "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
  "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
  "MALLOC_TOP_PAD_": str(256 << 20),
}


def run(main: Callable[[list[str]], None]) -> None:
  """Parses flags and calls `main` with what is left of the command line.

  A `UserError` is shown as one line, and with its traceback under
  `--verbosity=1`; every other exception keeps its traceback.
  """
  if platform.libc_ver()[0] == "glibc" and not _ALLOCATOR.keys() & os.environ:
    os.execve(sys.executable, sys.orig_argv, {**os.environ, **_ALLOCATOR})
  jax.config.config_with_absl()
  app.run(lambda argv: _guarded(main, argv[1:]), flags_parser=_parse)


def _parse(argv: list[str]) -> list[str]:
  try:
    return app.parse_flags_with_usage(argv)
  except (AttributeError, KeyError) as error:  # for a key that there isn't
    message = " ".join(str(error.args[0]).replace("'", "").split())
    sys.exit(
      f"a --config.KEY that there isn't: {message} (flags change what the "
      "config file sets, and add nothing)"
    )


def output_file(name: str, suffix: str) -> pathlib.Path:
  """The path of a file to write, checked before any work is done for it.

  Raises:
    UserError: another suffix, or a folder that isn't there.
  """
  path = pathlib.Path(name).expanduser()
  if path.suffix != suffix or path.is_dir():
    raise UserError(f"{name} can't be written: name a {suffix} file")
  if not path.parent.is_dir():
    raise UserError(f"{name} can't be written: there is no {path.parent}")
  return path


def show_progress() -> None:
  """Lets through our own log lines, and warnings of others."""
  logging.use_absl_handler()
  logging.set_verbosity(logging.INFO)
  logging.get_absl_handler().addFilter(_is_ours_or_a_warning)


def _guarded(main, arguments: list[str]) -> None:
  if not flags.FLAGS["verbosity"].present:
    show_progress()
  try:
    main(arguments)
  except UserError as error:
    logging.debug("traceback", exc_info=True)
    sys.exit(f"{type(error).__name__}: {error}")


def _is_ours_or_a_warning(record) -> bool:
  """Orbax logs a page for each checkpoint."""
  package = os.path.dirname(cascade_jax.__file__)
  return record.levelno > 20 or record.pathname.startswith(package)
