import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax.errors import UserError
from cascade_jax.runs import json_file, workdir
from cascade_jax.training import replicas
from cascade_jax.types import TrainState

pytestmark = [
  pytest.mark.usefixtures("collect_coroutines"),
  pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def config():
  config = config_lib.default()
  config.seed = 3
  config.num_replicas = 2
  return config


def state_of(seed, step):
  return TrainState(
    step=jnp.int32(step),
    seed=jnp.uint32(seed),
    params={"kernel": jnp.full((4, 4), seed * 100.0 + step)},
    optimizer=(jnp.int32(step),),
  )


def save(folder, config, steps_of_each):
  """Saves in each replica the steps that its list names."""
  for of_one, seed, steps in zip(
    replicas.folders(folder, config), replicas.seeds(config), steps_of_each
  ):
    alone = config.copy_and_resolve_references()
    alone.seed, alone.num_replicas = seed, 1
    of_one.mkdir(exist_ok=True)
    with replicas.claim(of_one, alone) as held:
      for step in steps:
        held.save([state_of(seed, step)])


def restore(folder, config):
  fresh = [state_of(seed, 0) for seed in replicas.seeds(config)]
  with replicas.claim(folder, config) as held:
    return held.restore(fresh)


def test_each_replica_has_an_ordinary_run_s_folder(tmp_path, config):
  with replicas.claim(tmp_path, config) as held:
    held.start(0)
  assert json_file.read(tmp_path / "config.json")["num_replicas"] == 2
  for seed in (3, 4):
    folder = tmp_path / f"seed_{seed}"
    alone = json_file.read(folder / "config.json")
    assert (alone["seed"], alone["num_replicas"]) == (seed, 1)
    assert (folder / "run.json").exists()
    assert (folder / "metrics.jsonl").exists()


def test_one_replica_has_the_workdir_itself(tmp_path, config):
  config.num_replicas = 1
  assert replicas.folders(tmp_path, config) == [tmp_path]


@pytest.mark.parametrize(
  ("steps_of_each", "expected"),
  [
    ([[5, 10], [5, 10]], 10),
    ([[5, 10], [5]], 5),  # killed between two saves
    ([[5], []], 0),  # and so at the first
    ([[], []], 0),
  ],
)
def test_all_go_on_from_the_newest_step_that_all_have(
  tmp_path, config, steps_of_each, expected
):
  save(tmp_path, config, steps_of_each)
  states = restore(tmp_path, config)
  assert [int(state.step) for state in states] == [expected] * 2
  assert [int(state.seed) for state in states] == [3, 4]


def test_checkpoint_damaged_in_one_is_passed_over_in_all(tmp_path, config):
  save(tmp_path, config, [[5, 10], [5, 10]])
  state = tmp_path / "seed_4" / "checkpoints" / "10" / "state"
  files = [path for path in state.rglob("*") if path.is_file()]
  max(files, key=lambda path: path.stat().st_size).write_bytes(b"")
  states = restore(tmp_path, config)
  np.testing.assert_array_equal(
    [state.params["kernel"][0, 0] for state in states], [305.0, 405.0]
  )


def test_replica_that_lost_its_checkpoints_is_an_error(tmp_path, config):
  save(tmp_path, config, [[5, 10], []])
  with pytest.raises(ValueError, match="seed_4 has none.*another workdir"):
    restore(tmp_path, config)


def test_replica_s_folder_in_use_is_an_error(tmp_path, config):
  with (
    workdir.claim(tmp_path / "seed_4"),
    pytest.raises(UserError, match="another process"),
    replicas.claim(tmp_path, config),
  ):
    pass


def test_states_come_back_as_they_were_saved(tmp_path, config):
  save(tmp_path, config, [[5], [5]])
  for state, seed in zip(restore(tmp_path, config), (3, 4)):
    jax.tree.map(np.testing.assert_array_equal, state, state_of(seed, 5))
