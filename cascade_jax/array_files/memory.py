"""Whether arrays fit into memory, asked before it is taken."""

import pathlib

from cascade_jax.errors import UserError

_MEMINFO = pathlib.Path("/proc/meminfo")
_AVAILABLE = "MemAvailable:"  # in the kernel's estimate, without swapping
GB = 1e9


def check_fits(needed: int, free: int | None) -> None:
  """Refuses an array that does not fit.

  Args:
    needed: bytes of the array.
    free: bytes of memory, such as `free_on_host()`; None where it isn't known.

  Raises:
    UserError: it doesn't fit. The caller says which array it is.
  """
  if free is not None and needed > free:
    raise UserError(
      f"it takes {needed / GB:.4g} GB of memory, of which {free / GB:.4g} GB "
      "are free; keep fewer rows, or let images stay on disk until they are "
      "needed (--config.data.stream=True)"
    )


def free_on_host() -> int | None:
  """Returns the bytes that a process can still take; None if unknown."""
  if not _MEMINFO.exists():  # not Linux
    return None
  for line in _MEMINFO.read_text().splitlines():
    if line.startswith(_AVAILABLE):
      return 1024 * int(line.split()[1])
  return None
