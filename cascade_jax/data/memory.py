"""Whether images fit into memory, asked before it is taken."""

import os
import pathlib

import jax

from cascade_jax.errors import UserError

_MEMINFO = pathlib.Path("/proc/meminfo")
_AVAILABLE = "MemAvailable:"  # in the kernel's estimate, without swapping


def check_fits(name: str | os.PathLike, needed: int, free: int | None) -> None:
  """Refuses images that do not fit.

  Args:
    name: of the data set, or its path.
    needed: bytes of the images.
    free: bytes of memory, such as `free_on_host()`; None where it isn't known.

  Raises:
    UserError: they don't fit; names the setting that streams images.
  """
  if free is not None and needed > free:
    raise UserError(
      f"the images of {name} need {needed / 1e9:.1f} GB of memory, but "
      f"{free / 1e9:.1f} GB are free; --config.data.stream=True reads images "
      "of files and folders when they are needed instead"
    )


def free_on_host() -> int | None:
  """Returns the bytes that a process can still take; None if unknown."""
  if not _MEMINFO.exists():  # not Linux
    return None
  for line in _MEMINFO.read_text().splitlines():
    if line.startswith(_AVAILABLE):
      return 1024 * int(line.split()[1])
  return None


def free_on(device: jax.Device) -> int | None:
  """Returns the bytes that are free on a device; None if unknown."""
  if device.platform == "cpu":
    return free_on_host()
  stats = device.memory_stats()
  if not stats or "bytes_limit" not in stats:
    return None
  return stats["bytes_limit"] - stats.get("bytes_in_use", 0)
