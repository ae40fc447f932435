"""The checkpoints of a run, saved by Orbax and checked by digests.

Orbax commits a checkpoint atomically. Two kinds of damage remain, as trials
showed: a process that is killed while it deletes an old checkpoint leaves half
of it in the list, and flipped bits in an array are restored without an error.
Therefore a checkpoint is moved to another folder before it is deleted, a digest
of each array is saved and compared, and a checkpoint that can't be restored is
skipped, with a warning, in favour of the one before it.
"""

import contextlib
import errno
import hashlib
import os
import pathlib
import shutil
import sys
from collections.abc import Callable, Iterator

import jax
import numpy as np
import orbax.checkpoint as ocp
from absl import logging

from cascade_jax import atomic
from cascade_jax.errors import UserError, one_line
from cascade_jax.types import TrainState

_TRASH = "trash"
_DISK_ERRORS = (
  errno.ENOSPC,
  errno.EDQUOT,
  errno.EFBIG,
  errno.EIO,
  errno.EROFS,
)


class Checkpoints:
  """The checkpoints in one folder, of which the newest `keep` are kept.

  Saving is synchronous: a full disk raises an error at once, and the older
  checkpoints stay.
  """

  def __init__(self, folder: pathlib.Path, keep: int = 2) -> None:
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder / _TRASH, ignore_errors=True)
    _remove_half_saved(folder)
    folder.mkdir(parents=True, exist_ok=True)
    self._manager = ocp.CheckpointManager(
      folder,
      options=ocp.CheckpointManagerOptions(
        max_to_keep=keep,
        todelete_subdir=_TRASH,
        enable_async_checkpointing=False,
        # Of several processes, this one alone; Orbax then makes no folder.
        create=False,
        multiprocessing_options=ocp.options.MultiprocessingOptions(
          primary_host=jax.process_index(),
          active_processes={jax.process_index()},
        ),
      ),
    )
    self._folder = folder

  def save(self, state: TrainState) -> None:
    """Saves a state under its own step, unless that step has been saved.

    Raises:
      UserError: it can't be written, as to a full disk; names the checkpoint
        and the free space.
    """
    step = int(state.step)
    if step in self.steps:
      return
    try:
      with atomic.naming(self._folder / str(step)), _system_errors():
        self._manager.save(
          step,
          args=ocp.args.Composite(
            state=ocp.args.StandardSave(state),
            digests=ocp.args.JsonSave(_digests(state)),
          ),
        )
    except UserError:
      _remove_half_saved(self._folder)
      raise

  @property
  def steps(self) -> list[int]:
    """The steps of all checkpoints, damaged ones too, in ascending order."""
    return sorted(self._manager.all_steps())

  def restore(
    self, like: TrainState, latest: int = sys.maxsize
  ) -> TrainState | None:
    """Restores the newest checkpoint that isn't damaged.

    Args:
      like: a state that has the shapes and dtypes of the saved one.
      latest: checkpoints of later steps are ignored.

    Returns:
      The restored state, or None if there is no checkpoint.

    Raises:
      UserError: there are checkpoints, but none can be restored.
    """
    failures = []
    for step in reversed([step for step in self.steps if step <= latest]):
      try:
        return self._restore_step(step, like)
      except Exception as error:  # damage can raise any exception
        failures.append(f"step {step}: {one_line(error)}")
        logging.warning("passing over a damaged checkpoint, %s", failures[-1])
    if failures:
      raise UserError(
        f"none of the checkpoints in {self._folder} can be restored; they are "
        "damaged, or belong to another config. Use another workdir, or delete "
        "the folder to start over.\n" + "\n".join(failures)
      )
    return None

  def _restore_step(self, step: int, like: TrainState) -> TrainState:
    """Restores one checkpoint and compares the digests of its arrays."""
    restored = self._manager.restore(
      step,
      args=ocp.args.Composite(
        state=ocp.args.StandardRestore(
          jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
        ),
        digests=ocp.args.JsonRestore(),
      ),
    )
    wrong = {
      name
      for name, digest in _digests(restored.state).items()
      if restored.digests.get(name) != digest
    }
    if wrong:
      raise UserError(f"the digests of {sorted(wrong)} don't match")
    return restored.state

  def discard_after(self, step: int) -> None:
    """Deletes the checkpoints of later steps; a resumed run saves them anew."""
    for later in self.steps:
      if later > step:
        self._manager.delete(later)

  def close(self) -> None:
    """Stops Orbax's threads."""
    self._manager.close()


def saved_steps(folder: pathlib.Path) -> list[int]:
  """Returns the steps of the checkpoints in a folder, which may not exist."""
  names = [path.name for path in folder.iterdir()] if folder.exists() else []
  return [int(name) for name in names if name.isdigit()]


def restore_newest(
  folder: pathlib.Path, init: Callable[[int], TrainState]
) -> TrainState:
  """Returns the newest state in the folder of a run.

  Args:
    folder: of the run, claimed by this process.
    init: the `init` of the run's method.

  Raises:
    UserError: there is none, or none that can be restored.
  """
  like = jax.jit(init)(0)
  with contextlib.closing(Checkpoints(folder / "checkpoints")) as checkpoints:
    state = checkpoints.restore(like)
  if state is None:
    raise UserError(
      f"{folder} holds no checkpoint yet; train with "
      f"python -m experiments.train --workdir={folder}"
    )
  return state


def _remove_half_saved(folder: pathlib.Path) -> None:
  """Removes what saves that failed or were killed have left in the folder."""
  for half in folder.glob("*.orbax-checkpoint-tmp*"):
    # Threads of the save may still write; the next start removes the rest.
    shutil.rmtree(half, ignore_errors=True)


@contextlib.contextmanager
def _system_errors() -> Iterator[None]:
  """Raises what TensorStore says of a disk as the system's own error."""
  try:
    yield
  except ValueError as error:
    for number in _DISK_ERRORS:
      if os.strerror(number) in str(error):
        raise OSError(number, os.strerror(number)) from error
    raise


def _digests(state: TrainState) -> dict[str, str]:
  """Digests of dtype, shape and bytes, by the path of each array."""
  digests = {}
  for path, leaf in jax.tree_util.tree_leaves_with_path(state):
    array = np.asarray(leaf)
    head = f"{array.dtype}{array.shape}".encode()
    digest = hashlib.blake2b(head + array.tobytes(), digest_size=16)
    digests[jax.tree_util.keystr(path)] = digest.hexdigest()
  return digests
