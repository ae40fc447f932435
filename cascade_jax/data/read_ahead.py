"""Reading in the background what will be needed next."""

import os
from collections.abc import Callable
from typing import Generic, TypeVar

from cascade_jax import optional

T = TypeVar("T")

# Pillow, NumPy and the system's reads leave the interpreter to other threads.
_THREADS = min(8, os.cpu_count() or 1)


class ReadAhead(Generic[T]):
  """A sequence whose next items are read by Grain's threads.

  Grain brings the threads and the order of what they return. Its state is the
  next position, so any item can be asked for at any time, and nothing has to be
  saved with a run. Items that are asked for in turn are read before they are
  asked for, as many at a time as there are threads.

  Args:
    read: gives the item at a position; several threads call it at once.
    count: of the items.

  Raises:
    UserError: Grain is not installed.
  """

  def __init__(self, read: Callable[[int], T], count: int) -> None:
    grain = optional.imported("grain", "stream", "data.stream")
    options = grain.ReadOptions(
      num_threads=_THREADS, prefetch_buffer_size=_THREADS
    )
    items = grain.MapDataset.range(count).map(read)
    self._iterator = iter(items.to_iter_dataset(options))
    self._next = 0

  def __getitem__(self, position: int) -> T:
    """Returns an item, and lets those after it be read."""
    if position != self._next:
      self._iterator.set_state({"next_index": position})
    self._next = position + 1
    return next(self._iterator)

  def close(self) -> None:
    """Ends the threads; what they are reading is dropped."""
    self._iterator.close()
