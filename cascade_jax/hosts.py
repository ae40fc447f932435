"""The processes of one run, usually one on each of several machines.

Every process runs the same program on the same config; JAX's distributed
runtime connects them. What one of them alone knows (a damaged file, a signal to
stop) the others must be told, because a process that waits in a collective
operation for one that has gone on, or has ended, waits for long. All functions
here do nothing special where there is a single process.
"""

import atexit
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TypeVar

import jax
import numpy as np
from absl import logging
from jax.experimental import multihost_utils

from cascade_jax import lost_process
from cascade_jax.errors import UserError, one_line

TreeT = TypeVar("TreeT")

AUTO = "auto"  # instead of an address
# After so many seconds without a sign of life a process counts as dead.
_HEARTBEAT_SECONDS = 30
_TEXT_BYTES = 2**14

_ended_together = False


def connect(
  coordinator: str, num_processes: int | None, process_id: int | None
) -> None:
  """Joins this process to the others; before any other use of jax.

  Args:
    coordinator: "HOST:PORT" of process 0, or "auto" under Slurm (srun) and on
      TPU pods, where JAX finds all of this by itself.
    num_processes: of the run; None with "auto".
    process_id: of this process, from 0; None with "auto".

  Raises:
    UserError: the others can't be found or reached.
  """
  try:
    jax.distributed.initialize(
      None if coordinator == AUTO else coordinator,
      num_processes,
      process_id,
      heartbeat_timeout_seconds=_HEARTBEAT_SECONDS,
    )
  except (RuntimeError, ValueError) as error:
    raise UserError(
      f"the processes of this run can't be connected (coordinator "
      f"{coordinator!r}, num_processes {num_processes}, process_id "
      f"{process_id}): {one_line(error)}. Start the same command for each "
      "process, with an address that all can reach"
    ) from error
  lost_process.explain()
  # Registered after JAX's own function, so it comes before that.
  atexit.register(_leave_alone)
  if not is_first():
    logging.set_verbosity(logging.WARNING)
  logging.info("%d processes, %d devices", count(), jax.device_count())


def _leave_alone() -> None:
  """Ends a process that fails, without waiting for the others as JAX does."""
  if not _ended_together:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


def leave() -> None:
  """Ends the connection, once for all processes, when their work is done."""
  global _ended_together
  if count() > 1:
    _ended_together = True
    jax.distributed.shutdown()


def count() -> int:
  """Returns the number of processes."""
  return jax.process_count()


def is_first() -> bool:
  """Returns whether this is the process that reads and writes the run."""
  return jax.process_index() == 0


@contextlib.contextmanager
def together() -> Iterator[None]:
  """A context whose `UserError` in one process is one in all.

  Nothing in it may wait for other processes.

  Raises:
    UserError: in this process, or else in the first that has one.
  """
  own = None
  try:
    yield
  except UserError as error:
    if count() == 1:
      raise
    own = error
  for process, text in enumerate(_exchange_text(str(own) if own else "")):
    if own:
      raise own
    if text:
      raise UserError(f"process {process}: {text}")


@contextlib.contextmanager
def connected() -> Iterator[None]:
  """A context in which processes wait for each other.

  Raises:
    UserError: another process has ended.
  """
  try:
    yield
  except jax.errors.JaxRuntimeError as error:
    if count() == 1:
      raise
    raise UserError(
      f"{lost_process.MESSAGE} JAX says: {one_line(error)[:200]}"
    ) from error


def check_equal(values: Mapping[str, object]) -> None:
  """Refuses processes that differ in what must be the same in all.

  Args:
    values: of this process, by their names; of types that JSON has.

  Raises:
    UserError: names the first value that differs.
  """
  texts = _exchange_text(json.dumps(values))
  first, *others = map(json.loads, texts)
  for process, other in enumerate(others, start=1):
    for name in sorted(first.keys() | other.keys()):
      here, there = first.get(name), other.get(name)
      if here != there:
        raise UserError(
          f"{name} is {here!r} in process 0 and {there!r} in process {process} "
          "of this run; give each process the same command, files and versions"
        )


def largest(value: int) -> int:
  """Returns the largest of the values `value` of all processes."""
  if count() == 1:
    return value
  return int(multihost_utils.process_allgather(np.int32(value)).max())


def from_first(tree: TreeT) -> TreeT:
  """Returns the first process' arrays in all of them, bit for bit.

  Args:
    tree: of arrays, of the same shapes and dtypes in each process.
  """
  if count() == 1:
    return tree
  leaves, structure = jax.tree.flatten(tree)
  arrays = [np.asarray(leaf) for leaf in leaves]
  # As bytes, because JAX adds up zeros of the other processes.
  own = np.concatenate([np.frombuffer(x.tobytes(), np.uint8) for x in arrays])
  received = multihost_utils.broadcast_one_to_all(own)
  parts = np.split(np.asarray(received), np.cumsum([x.nbytes for x in arrays]))
  return jax.tree.unflatten(
    structure,
    [
      np.frombuffer(part.tobytes(), x.dtype).reshape(x.shape)
      for part, x in zip(parts, arrays)
    ],
  )


def fetched(array: jax.Array | np.ndarray) -> np.ndarray:
  """Returns an array of all processes as a whole; all must ask for it."""
  if isinstance(array, np.ndarray) or array.is_fully_addressable:
    return np.asarray(array)
  if not array.is_fully_replicated:
    array = multihost_utils.process_allgather(array, tiled=True)
  return np.asarray(array)


def _exchange_text(text: str) -> list[str]:
  """Returns the texts of all processes, in their order."""
  if count() == 1:
    return [text]
  own = np.zeros(_TEXT_BYTES, np.uint8)
  content = text.encode()[:_TEXT_BYTES]
  own[: len(content)] = np.frombuffer(content, np.uint8)
  rows = multihost_utils.process_allgather(own)
  return [row.tobytes().rstrip(b"\0").decode(errors="ignore") for row in rows]
