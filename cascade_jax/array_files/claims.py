"""What a file says of its arrays, checked before any memory is taken."""

import difflib
from collections.abc import Collection

from cascade_jax.array_files import memory
from cascade_jax.errors import UserError

_HARMLESS = 2**28  # bytes, which an array may have however small its file is
# Packed images of dSprites take a 120th of their size. Zeros take a 1000th.
_MOST_TIMES = 200


def check_names(found: Collection[str], known: Collection[str]) -> None:
  """Refuses names of arrays that nothing reads, because they may be mistyped.

  Raises:
    UserError: a name is unknown; the message has the one that is meant.
  """
  for name in found:
    if name not in known:
      near = difflib.get_close_matches(name, known, n=1)
      hint = (
        f"did you mean {near[0]!r}?"
        if near
        else f"the names are {', '.join(known)}"
      )
      raise UserError(f"it has an array named {name!r}; {hint}")


def check_size(claimed: int, stored: int) -> None:
  """Refuses an array that can't be in memory, or is likely to be a trap.

  Args:
    claimed: bytes that it takes in memory.
    stored: bytes that it takes in the file.

  Raises:
    UserError: it is larger than the available memory; or it is large, and more
      than 200 times as large as in the file.
  """
  memory.check_fits(claimed, memory.free_on_host())
  if claimed > max(_HARMLESS, _MOST_TIMES * stored):
    raise UserError(
      f"it takes {claimed / memory.GB:.4g} GB of memory, more than "
      f"{_MOST_TIMES} times its {stored / memory.GB:.4g} GB in the file, as "
      "files do that are made to fill the memory; if it is yours, save it "
      "without compression"
    )
