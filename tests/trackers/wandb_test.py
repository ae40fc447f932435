import sys
import types

import pytest

from cascade_jax import trackers


class FakeRun:
  """A run of the fake package; its history is that of its id."""

  def __init__(self, package, options):
    self.options = options
    self.offline = options["mode"] == "offline"
    self.url = None if self.offline else "https://there/run"
    self._history = package.histories.setdefault(options["id"], [])
    self.step = self._history[-1][0] + 1 if self._history else 0
    self.is_finished = False

  def log(self, scalars, step):
    assert not self._history or step > self._history[-1][0]
    self._history.append((step, scalars))

  def finish(self):
    self.is_finished = True


@pytest.fixture
def wandb(monkeypatch):
  """A fake of the package, with an API key and without a network."""
  package = types.ModuleType("wandb")
  package.histories, package.runs, package.has_key = {}, [], True

  def init(**options):
    package.runs.append(FakeRun(package, options))
    return package.runs[-1]

  def login(prompt, verify):
    assert not prompt and not verify
    return package.has_key

  package.init, package.login, package.Settings = init, login, dict
  monkeypatch.setitem(sys.modules, "wandb", package)
  for name in ("WANDB_MODE", "WANDB_PROJECT"):
    monkeypatch.delenv(name, raising=False)
  return package


def write(group, folder, first_step, steps):
  run = trackers.TrackedRun(folder, group, {"seed": 3}, first_step)
  opened = trackers.Trackers(("wandb",), run)
  for step in steps:
    opened.write({"step": step, "loss": 1.0, "kl": [1.0, 2.0]})
  opened.close()


def test_replicas_are_runs_of_one_group(wandb, tmp_path):
  group = tmp_path / "compact"
  for seed in (3, 4):
    write(group, group / f"seed_{seed}", 0, [2])
  first, second = wandb.runs
  assert first.options["name"] == "compact/seed_3"
  assert first.options["group"] == second.options["group"] == "compact"
  assert first.options["id"] != second.options["id"]
  assert first.options["config"] == {"seed": 3}
  assert first.options["project"] == "cascade_jax"
  assert first.options["reinit"] == "create_new"  # or the second ends the first
  assert first.is_finished and second.is_finished


def test_a_resumed_run_goes_on_in_the_same_one_and_sends_each_step_once(
  wandb, tmp_path
):
  write(tmp_path, tmp_path, 0, [2, 4, 6])
  write(tmp_path, tmp_path, 4, [6, 8])
  ((_, history),) = wandb.histories.items()
  assert [step for step, _ in history] == [2, 4, 6, 8]
  assert history[0][1] == {"loss": 1.0, "kl/1": 1.0, "kl/2": 2.0}
  assert {run.options["resume"] for run in wandb.runs} == {"allow"}


def test_without_a_key_it_is_offline_and_says_so(wandb, tmp_path, caplog):
  wandb.has_key = False
  with caplog.at_level("INFO", "absl"):
    write(tmp_path, tmp_path, 0, [2])
  assert wandb.runs[0].options["mode"] == "offline"
  assert "wandb is offline; upload later: wandb sync" in caplog.text


def test_with_a_key_it_says_where_the_run_is(wandb, tmp_path, caplog):
  with caplog.at_level("INFO", "absl"):
    write(tmp_path, tmp_path, 0, [2])
  assert wandb.runs[0].options["mode"] is None
  assert "https://there/run" in caplog.text


def test_its_variables_are_respected(wandb, tmp_path, monkeypatch):
  wandb.login = None  # is not asked for
  monkeypatch.setenv("WANDB_MODE", "offline")
  monkeypatch.setenv("WANDB_PROJECT", "mine")
  write(tmp_path, tmp_path, 0, [2])
  assert wandb.runs[0].options["mode"] is None  # wandb reads it itself
  assert wandb.runs[0].options["project"] == "mine"


@pytest.mark.filterwarnings("ignore")  # wandb's own warnings
def test_the_real_package_writes_offline_runs_of_one_id(tmp_path, monkeypatch):
  wandb = pytest.importorskip("wandb")
  for name in ("HOME", "NETRC", "WANDB_CONFIG_DIR", "WANDB_CACHE_DIR"):
    monkeypatch.setenv(name, str(tmp_path / "home"))
  monkeypatch.setenv("WANDB_MODE", "offline")
  folder = tmp_path / "run"
  write(folder, folder, 0, [2, 4, 6])
  write(folder, folder, 4, [6, 8])
  wandb.teardown()  # its process writes the files
  name = (folder / "wandb" / "id").read_text().strip()
  parts = list(folder.glob(f"wandb/offline-run-*-{name}/run-{name}.wandb"))
  assert len(parts) == 2
  for part in parts:
    assert b"kl/2" in part.read_bytes()
