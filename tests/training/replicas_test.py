import shutil
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax.errors import UserError
from cascade_jax.runs import json_file, log_file, workdir
from cascade_jax.runs.checkpoints import Checkpoints
from cascade_jax.runs.run_log import RunLog
from cascade_jax.trackers.registry import TRACKERS, Entry
from cascade_jax.training import replicas
from cascade_jax.types import TrainState
from tests.helpers import reported_run

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


def save(folder, config, saved_steps):
  """Saves checkpoints of these steps, a list of them for each replica."""
  for replica_folder, seed, steps in zip(
    replicas.folders(folder, config), replicas.seeds(config), saved_steps
  ):
    checkpoints = Checkpoints(replica_folder / "checkpoints")
    for step in steps:
      checkpoints.save(state_of(seed, step))
    checkpoints.close()


def restore(folder, config):
  fresh = [state_of(seed, 0) for seed in replicas.seeds(config)]
  with replicas.claim(folder, config) as claimed:
    return claimed.restore(fresh)


def test_each_replica_has_the_folder_of_an_ordinary_run(tmp_path, config):
  with replicas.claim(tmp_path, config) as claimed:
    claimed.start(0)
  assert workdir.read_config(tmp_path).num_replicas == 2
  for seed in (3, 4):
    folder = tmp_path / f"seed_{seed}"
    alone = workdir.read_config(folder)
    assert (alone.seed, alone.num_replicas) == (seed, 1)
    assert (folder / "run.json").exists()
    assert (folder / "metrics.jsonl").exists()


def test_single_replica_uses_the_workdir_itself(tmp_path, config):
  config.num_replicas = 1
  assert replicas.folders(tmp_path, config) == [tmp_path]


@pytest.mark.parametrize(
  ("saved_steps", "expected"),
  [
    ([[5, 10], [5, 10]], 10),
    ([[5, 10], [5]], 5),  # killed between two saves
    ([[5], []], 0),  # killed between the first two saves
    ([[], []], 0),
  ],
)
def test_run_resumes_at_the_newest_step_of_all_replicas(
  tmp_path, config, saved_steps, expected
):
  save(tmp_path, config, saved_steps)
  states = restore(tmp_path, config)
  assert [int(state.step) for state in states] == [expected] * 2
  assert [int(state.seed) for state in states] == [3, 4]


def test_step_with_a_damaged_checkpoint_is_skipped_by_all_replicas(
  tmp_path, config
):
  save(tmp_path, config, [[5, 10], [5, 10]])
  state = tmp_path / "seed_4" / "checkpoints" / "10" / "state"
  files = [path for path in state.rglob("*") if path.is_file()]
  max(files, key=lambda path: path.stat().st_size).write_bytes(b"")
  states = restore(tmp_path, config)
  np.testing.assert_array_equal(
    [state.params["kernel"][0, 0] for state in states], [305.0, 405.0]
  )


def test_replica_without_its_checkpoints_is_an_error(tmp_path, config):
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


def test_restored_states_are_the_saved_ones(tmp_path, config):
  save(tmp_path, config, [[5], [5]])
  for state, seed in zip(restore(tmp_path, config), (3, 4)):
    jax.tree.map(np.testing.assert_array_equal, state, state_of(seed, 5))


def start_and_save(folder, config, step):
  """Logs and saves a step of each replica, as the loop does."""
  entry = reported_run.log_entry(step)
  with replicas.claim(folder, config) as claimed:
    claimed.start(0)
    claimed.log([entry, entry])
    claimed.save([state_of(seed, step) for seed in replicas.seeds(config)])


def test_all_files_are_closed_though_one_fails(tmp_path, config, monkeypatch):
  closed, close, close_log = [], Checkpoints.close, RunLog.close

  def counted(checkpoints):
    closed.append(checkpoints)
    close(checkpoints)

  def full(log):
    close_log(log)
    raise UserError("the disk is full")

  monkeypatch.setattr(Checkpoints, "close", counted)
  monkeypatch.setattr(RunLog, "close", full)
  with (
    pytest.raises(UserError, match="the disk is full"),
    replicas.claim(tmp_path, config) as claimed,
  ):
    claimed.start(0)
  assert len(closed) == 2


def test_a_run_whose_checkpoints_were_deleted_does_not_start_anew(
  tmp_path, config
):
  start_and_save(tmp_path, config, 200)
  for seed in (3, 4):
    shutil.rmtree(tmp_path / f"seed_{seed}" / "checkpoints")
  log = (tmp_path / "seed_3" / log_file.NAME).read_bytes()
  for _ in range(2):  # the folder is there again the second time
    with pytest.raises(UserError, match="seed_3 has no checkpoints any .* 200"):
      restore(tmp_path, config)
  assert (tmp_path / "seed_3" / log_file.NAME).read_bytes() == log
  # Of an earlier version: only the log tells.
  run = tmp_path / "seed_3" / "run.json"
  run.unlink()
  with pytest.raises(UserError, match="seed_3 has no checkpoints any .* 200"):
    restore(tmp_path, config)


def test_one_of_two_replicas_without_its_only_checkpoint_is_an_error(
  tmp_path, config
):
  start_and_save(tmp_path, config, 200)
  shutil.rmtree(tmp_path / "seed_4" / "checkpoints")
  with pytest.raises(UserError, match=r"seed_3 has \[200\]; seed_4 has none"):
    restore(tmp_path, config)


def test_lost_checkpoints_and_log_entries_are_told(tmp_path, config, caplog):
  start_and_save(tmp_path, config, 200)
  with replicas.claim(tmp_path, config) as claimed:
    claimed.start(200)
  assert "lost" not in caplog.text and "gone" not in caplog.text
  (tmp_path / "seed_4" / log_file.NAME).unlink()
  with replicas.claim(tmp_path, config) as claimed:
    claimed.start(200)
  assert "ends at step 0, but once reached step 200" in caplog.text
  with replicas.claim(tmp_path, config) as claimed:
    claimed.start(100)
  assert "checkpoint of step 200 is gone or damaged; going on from 100" in (
    caplog.text
  )


def test_the_log_is_on_the_disk_before_the_checkpoint(
  tmp_path, config, monkeypatch
):
  order = []
  sync, save = RunLog.sync, Checkpoints.save
  monkeypatch.setattr(RunLog, "sync", lambda x: order.append("log") or sync(x))
  monkeypatch.setattr(
    Checkpoints, "save", lambda *x: order.append("state") or save(*x)
  )
  start_and_save(tmp_path, config, 5)
  assert order == ["log", "log", "state", "state"]


@pytest.mark.parametrize("name", ["run.json", "metrics.jsonl", "config.json"])
def test_a_damaged_file_is_refused_before_anything_is_changed(
  tmp_path, config, name
):
  start_and_save(tmp_path, config, 200)
  folder = tmp_path / "seed_4"
  path = folder / name
  path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
  before = {p: p.read_bytes() for p in folder.iterdir() if p.is_file()}
  with (
    pytest.raises(UserError, match=f"seed_4/{name} is damaged"),
    replicas.claim(tmp_path, config),
  ):
    pass
  assert {p: p.read_bytes() for p in folder.iterdir() if p.is_file()} == before


def test_the_logs_of_all_replicas_are_rebuilt(tmp_path, config):
  start_and_save(tmp_path, config, 200)
  for seed in (3, 4):
    path = tmp_path / f"seed_{seed}" / log_file.NAME
    path.write_bytes(path.read_bytes().replace(b": 200,", b": 300,", 1))
  replicas.rebuild_logs(tmp_path, config)
  for seed in (3, 4):
    assert log_file.read(tmp_path / f"seed_{seed}")[0]["step"] == 200


def test_fewer_steps_than_were_taken_are_refused_and_nothing_is_written(
  tmp_path, config
):
  save(tmp_path, config, [[5, 10], [5]])
  with replicas.claim(tmp_path, config) as claimed:
    claimed.start(10)
  before = (tmp_path / "config.json").read_bytes()
  config.num_steps = 9
  with (
    pytest.raises(UserError, match="num_steps is 9, .* has taken 10 steps"),
    replicas.claim(tmp_path, config),
  ):
    pass
  assert (tmp_path / "config.json").read_bytes() == before
  config.num_steps = 10
  with replicas.claim(tmp_path, config):
    pass


def test_without_its_package_a_tracker_is_refused_and_nothing_is_written(
  tmp_path, config, monkeypatch
):
  monkeypatch.setitem(sys.modules, "tensorboardX", None)
  config.trackers = ("tensorboard",)
  with (
    pytest.raises(UserError, match="'tensorboard' in config.trackers needs"),
    replicas.claim(tmp_path, config),
  ):
    pass
  assert not list(tmp_path.iterdir())


def test_each_replica_is_tracked_alone_and_gets_its_log(
  tmp_path, config, monkeypatch
):
  opened = []

  class Recorder:
    def __init__(self, run):
      self.run, self.steps, self.is_open = run, [], True
      opened.append(self)

    def write(self, step, scalars):
      self.steps.append((step, scalars["loss"], "elapsed" in scalars))

    def close(self):
      self.is_open = False

  monkeypatch.setitem(TRACKERS, "wandb", Entry("json", Recorder))
  config.trackers = ("wandb",)
  entry = {"step": 7, "phase": 0, "reconstruction": 1.0}
  with replicas.claim(tmp_path, config) as claimed:
    claimed.start(5)
    claimed.log([{**entry, "loss": 1.0}, {**entry, "loss": 2.0}])
  assert [x.run.name for x in opened] == [
    f"{tmp_path.name}/seed_3",
    f"{tmp_path.name}/seed_4",
  ]
  assert [x.run.config["seed"] for x in opened] == [3, 4]
  assert {x.run.config["data.name"] for x in opened} == {"dsprites"}
  assert {x.run.first_step for x in opened} == {5}
  assert [x.steps for x in opened] == [[(7, 1.0, True)], [(7, 2.0, True)]]
  assert not any(x.is_open for x in opened)


def test_no_config_is_written_where_one_replica_has_another(tmp_path, config):
  start_and_save(tmp_path, config, 5)
  (tmp_path / "config.json").unlink()
  other = tmp_path / "seed_4" / "config.json"
  changed = json_file.read(other, workdir.CONFIG) | {"beta_high": 3.0}
  json_file.write(other, workdir.CONFIG, changed)
  with (
    pytest.raises(UserError, match="beta_high: 3.0 there"),
    replicas.claim(tmp_path, config),
  ):
    pass
  assert not (tmp_path / "config.json").exists()
