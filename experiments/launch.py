"""What every launcher does around its main function."""

import os
import platform
import sys
from collections.abc import Callable

import jax
from absl import app, flags, logging

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

  Errors of the user's are one line.
  `--verbosity=1` shows their traceback too.
  """
  if platform.libc_ver()[0] == "glibc" and not _ALLOCATOR.keys() & os.environ:
    os.execve(sys.executable, sys.orig_argv, {**os.environ, **_ALLOCATOR})
  jax.config.config_with_absl()
  app.run(lambda argv: _guarded(main, argv[1:]))


def _guarded(main, arguments: list[str]) -> None:
  if flags.FLAGS["verbosity"].using_default_value:
    logging.set_verbosity(logging.INFO)
  logging.get_absl_handler().addFilter(_is_ours_or_a_warning)
  try:
    main(arguments)
  except (ValueError, RuntimeError, FloatingPointError, ImportError) as error:
    logging.debug("traceback", exc_info=True)
    sys.exit(f"{type(error).__name__}: {error}")


def _is_ours_or_a_warning(record) -> bool:
  """Orbax logs a page for each checkpoint."""
  return record.levelno > 20 or "cascade_jax" in record.pathname
