import errno
import os
import shutil

import chex
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax.errors import UserError
from cascade_jax.runs.checkpoints import Checkpoints
from cascade_jax.types import TrainState

pytestmark = [
  pytest.mark.usefixtures("collect_coroutines"),
  pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def state_at(step):
  rng = np.random.default_rng(step)
  return TrainState(
    step=jnp.int32(step),
    seed=jnp.uint32(7),
    params={"kernel": jnp.asarray(rng.standard_normal((40, 50), np.float32))},
    optimizer=({"mu": jnp.zeros(3)}, jnp.int32(step)),
  )


@pytest.fixture
def saved(tmp_path):
  """A folder where steps 1, 2 and 3 were saved and the newest two are kept."""
  checkpoints = Checkpoints(tmp_path, keep=2)
  for step in (1, 2, 3):
    checkpoints.save(state_at(step))
  checkpoints.close()
  return tmp_path


def restore(folder):
  checkpoints = Checkpoints(folder)
  try:
    return checkpoints.restore(state_at(0))
  finally:
    checkpoints.close()


def steps_in(folder):
  return sorted(int(p.name) for p in folder.iterdir() if p.name.isdigit())


def largest_file(folder):
  files = [path for path in folder.rglob("*") if path.is_file()]
  return max(files, key=lambda path: path.stat().st_size)


def test_newest_is_restored_bit_for_bit(saved):
  chex.assert_trees_all_equal(restore(saved), state_at(3))


def test_only_the_newest_are_kept(saved):
  assert steps_in(saved) == [2, 3]


def test_empty_folder_restores_none(tmp_path):
  assert restore(tmp_path) is None


def test_flipped_bit_falls_back_to_the_checkpoint_before(saved):
  path = largest_file(saved / "3" / "state")
  content = bytearray(path.read_bytes())
  content[len(content) // 2] ^= 1
  path.write_bytes(content)
  chex.assert_trees_all_equal(restore(saved), state_at(2))


def test_half_deleted_falls_back_to_the_checkpoint_before(saved):
  shutil.rmtree(saved / "3" / "state")
  chex.assert_trees_all_equal(restore(saved), state_at(2))


def test_error_says_that_all_checkpoints_are_damaged(saved):
  for step in (2, 3):
    largest_file(saved / str(step) / "state").write_bytes(b"")
  with pytest.raises(UserError, match="none of the checkpoints"):
    restore(saved)


def test_error_says_that_shapes_are_of_another_config(saved):
  checkpoints = Checkpoints(saved)
  other = state_at(0)._replace(params={"kernel": jnp.zeros((2, 2))})
  with pytest.raises(UserError, match="another config"):
    checkpoints.restore(other)
  checkpoints.close()


def test_discarded_steps_can_be_saved_again(saved):
  checkpoints = Checkpoints(saved)
  checkpoints.discard_after(2)
  assert steps_in(saved) == [2]
  checkpoints.save(state_at(3))
  assert steps_in(saved) == [2, 3]
  checkpoints.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_with_its_free_space(saved, monkeypatch, number):
  def full(*_, **__):
    half = saved / "4.orbax-checkpoint-tmp" / "state"
    half.mkdir(parents=True)
    (half / "d").write_bytes(b"half")
    raise ValueError(f"RESOURCE_EXHAUSTED: ...: {os.strerror(number)} [...]")

  checkpoints = Checkpoints(saved)
  with monkeypatch.context() as patch:
    patch.setattr(checkpoints._manager, "save", full)
    with pytest.raises(UserError, match="/4 can't be written.* MB are free"):
      checkpoints.save(state_at(4))
  checkpoints.close()
  assert not list(saved.glob("4*"))
  chex.assert_trees_all_equal(restore(saved), state_at(3))


def test_trash_and_half_saved_ones_are_removed_at_the_next_start(saved):
  (saved / "4.orbax-checkpoint-tmp" / "state").mkdir(parents=True)
  Checkpoints(saved).close()
  assert not any((saved / "trash").glob("*"))
  assert not list(saved.glob("4*"))
