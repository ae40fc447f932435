"""What every reader owes a damaged file: its content, or one clear error."""

import pathlib
import resource
import warnings
from collections.abc import Callable
from typing import Any

from cascade_jax.errors import UserError

_MOST_KB = 600_000  # more than the largest array that is read from a small file


def outcome(
  read: Callable[[pathlib.Path], Any],
  path: pathlib.Path,
  content: bytes,
  name: pathlib.Path | None = None,
) -> Any:
  """Returns what a reader makes of a file; None if it refuses it.

  Fails if it raises anything but a `UserError` of one line that names the
  file, warns, or takes much memory.

  Args:
    read: the reader.
    path: of the file, which is written here.
    content: that it gets.
    name: that the error must have; None for the path.
  """
  path.write_bytes(content)
  before = _peak_kb()
  try:
    # Recorded, since a reader would take one that is raised for damage.
    with warnings.catch_warnings(record=True) as warned:
      warnings.simplefilter("always")
      result = read(path)
  except UserError as error:
    assert str(name or path) in str(error) and "\n" not in str(error)
    result = None
  assert not [str(each.message) for each in warned]
  assert _peak_kb() - before < _MOST_KB
  return result


def _peak_kb() -> int:
  """Returns the most memory that this process had until now."""
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
