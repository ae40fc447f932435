"""Checkpoints of a run, by Orbax, with what Orbax leaves open.

Orbax commits atomically, but (tried) a process killed while it deletes old
checkpoints leaves half of one listed, and flipped bits in an array restore
without a word. So: deletion goes through a renamed folder, each array's digest
is saved and compared, and what doesn't restore is passed over for the one
before, with a warning.
"""

import hashlib
import pathlib
import shutil
import sys

import jax
import numpy as np
import orbax.checkpoint as ocp
from absl import logging

from cascade_jax.errors import UserError
from cascade_jax.types import TrainState

_TRASH = "trash"


class Checkpoints:
  """The checkpoints in one folder; the newest `keep` of them stay.

  Saving is synchronous: a full disk raises at once, and the older ones stay.
  """

  def __init__(self, folder: pathlib.Path, keep: int = 2):
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder / _TRASH, ignore_errors=True)
    self._manager = ocp.CheckpointManager(
      folder,
      options=ocp.CheckpointManagerOptions(
        max_to_keep=keep,
        todelete_subdir=_TRASH,
        enable_async_checkpointing=False,
      ),
    )
    self._folder = folder

  def save(self, state: TrainState) -> None:
    """Saves under the state's own step; a step that is there is left alone."""
    step = int(state.step)
    if step in self.steps:
      return
    self._manager.save(
      step,
      args=ocp.args.Composite(
        state=ocp.args.StandardSave(state),
        digests=ocp.args.JsonSave(_digests(state)),
      ),
    )

  @property
  def steps(self) -> list[int]:
    """The steps that are there, whole or not, in order."""
    return sorted(self._manager.all_steps())

  def restore(
    self, like: TrainState, latest: int = sys.maxsize
  ) -> TrainState | None:
    """The newest state that is whole, or None where there is none.

    Args:
      like: a state of the shapes and types to restore.
      latest: step; those after it aren't looked at.

    Raises:
      UserError: there are checkpoints, but none can be restored.
    """
    failures = []
    for step in reversed([step for step in self.steps if step <= latest]):
      try:
        return self._restore_step(step, like)
      except Exception as error:  # whatever the damage raises
        failures.append(f"step {step}: {str(error).splitlines()[0]}")
        logging.warning("passing over a damaged checkpoint, %s", failures[-1])
    if failures:
      raise UserError(
        f"none of the checkpoints in {self._folder} can be restored; they are "
        "damaged, or belong to another config. Use another workdir, or delete "
        "the folder to start over.\n" + "\n".join(failures)
      )
    return None

  def _restore_step(self, step: int, like: TrainState) -> TrainState:
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
    """Deletes the damaged ones that a restored run is going to save again."""
    for later in self.steps:
      if later > step:
        self._manager.delete(later)

  def close(self) -> None:
    """Releases Orbax's threads."""
    self._manager.close()


def _digests(state: TrainState) -> dict[str, str]:
  """A digest of type, shape and bytes for each array of the state."""
  digests = {}
  for path, leaf in jax.tree_util.tree_leaves_with_path(state):
    array = np.asarray(leaf)
    head = f"{array.dtype}{array.shape}".encode()
    digest = hashlib.blake2b(head + array.tobytes(), digest_size=16)
    digests[jax.tree_util.keystr(path)] = digest.hexdigest()
  return digests
