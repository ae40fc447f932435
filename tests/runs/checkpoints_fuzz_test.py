"""A damaged checkpoint is passed over, and another state is never restored."""

import shutil

import chex
import hypothesis
import jax.numpy as jnp
import pytest
from hypothesis import strategies as st

from cascade_jax.runs.checkpoints import Checkpoints
from cascade_jax.types import TrainState
from tests.helpers.mutations import damaged
from tests.helpers.properties import properties

pytestmark = [
  pytest.mark.usefixtures("collect_coroutines"),
  pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def state_at(step):
  return TrainState(
    step=jnp.int32(step),
    seed=jnp.uint32(7),
    params={"kernel": jnp.arange(6.0).reshape(2, 3) + step},
    optimizer=({"mu": jnp.zeros(3)}, jnp.int32(step)),
  )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
  """A folder with the checkpoints of the steps 1 and 2."""
  folder = tmp_path_factory.mktemp("run") / "checkpoints"
  checkpoints = Checkpoints(folder)
  for step in (1, 2):
    checkpoints.save(state_at(step))
  checkpoints.close()
  return folder


@properties(4)
@hypothesis.given(data=st.data())
def test_the_state_before_is_restored_or_the_same(saved, data):
  folder = saved.with_name("damaged")
  shutil.rmtree(folder, ignore_errors=True)
  shutil.copytree(saved, folder)
  files = sorted(p for p in (folder / "2").rglob("*") if p.is_file())
  path = data.draw(st.sampled_from(files))
  path.write_bytes(data.draw(damaged(path.read_bytes())))
  checkpoints = Checkpoints(folder)
  state = checkpoints.restore(state_at(0))
  checkpoints.close()
  chex.assert_trees_all_equal(state, state_at(int(state.step)))
  assert state.step in (1, 2)
