import re
import sys

import pytest

from cascade_jax import trackers
from cascade_jax.errors import UserError
from cascade_jax.trackers.registry import TRACKERS, Entry
from cascade_jax.trackers.tracker import kept_id, scalars


def tracked_run(folder, group=None):
  return trackers.TrackedRun(folder, group or folder, {"seed": 3}, 4)


class Failing:
  """A tracker that fails at the step of `at`, or when it is opened or closed.

  `calls` has what was asked of it.
  """

  def __init__(self, at):
    self.at, self.calls = at, []

  def __call__(self, run):
    return self._call("open") or self

  def write(self, step, scalars):
    self._call(step)

  def close(self):
    self._call("close")

  def _call(self, what):
    self.calls.append(what)
    if what == self.at:
      raise OSError("the network\nis down")


def write_two(folder, monkeypatch, at):
  failing, sound = Failing(at), Failing(None)
  monkeypatch.setitem(TRACKERS, "wandb", Entry("json", failing))
  monkeypatch.setitem(TRACKERS, "mlflow", Entry("json", sound))
  both = trackers.Trackers(("wandb", "mlflow"), tracked_run(folder))
  for step in (5, 6, 7):
    both.write({"step": step, "loss": 1.0})
  both.close()
  assert sound.calls == ["open", 5, 6, 7, "close"]
  return failing.calls


@pytest.mark.parametrize(
  ("at", "calls"),
  [
    (None, ["open", 5, 6, 7, "close"]),
    ("open", ["open"]),
    (6, ["open", 5, 6, "close"]),
    ("close", ["open", 5, 6, 7, "close"]),
  ],
)
def test_a_tracker_that_fails_is_left_out_with_one_line(
  tmp_path, monkeypatch, caplog, at, calls
):
  assert write_two(tmp_path, monkeypatch, at) == calls
  messages = [record.getMessage() for record in caplog.records]
  assert len(messages) == (at is not None)
  for message in messages:
    assert "wandb has failed" in message and "the network is down" in message
    assert "\n" not in message


def test_ctrl_c_is_no_failure_of_a_tracker(tmp_path, monkeypatch):
  def interrupted(run):
    raise KeyboardInterrupt

  monkeypatch.setitem(TRACKERS, "wandb", Entry("json", interrupted))
  with pytest.raises(KeyboardInterrupt):
    trackers.Trackers(("wandb",), tracked_run(tmp_path))


def test_scalars_are_the_numbers_of_an_entry():
  entry = {"step": 5, "discrete": True, "kl": [1, 2.5], "nmi": None, "loss": 3}
  assert scalars(entry) == {"discrete": 1, "kl/1": 1, "kl/2": 2.5, "loss": 3}


def test_a_run_is_called_as_its_folder_and_a_replica_after_both(tmp_path):
  group = tmp_path / "compact"
  assert tracked_run(group).name == "compact"
  assert tracked_run(group / "seed_3", group).name == "compact/seed_3"


def test_an_id_is_made_once_and_kept(tmp_path):
  path = tmp_path / "wandb" / "id"
  assert kept_id(path, lambda: "abc") == "abc"
  assert kept_id(path, lambda: "other") == "abc"
  path.write_text("a b\n")
  with pytest.raises(ValueError, match="holds no id"):
    kept_id(path, lambda: "other")


@pytest.mark.parametrize(
  "names", [("tensorbord",), ("wandb", "wandb"), (3,), ("tensorboard,wandb",)]
)
def test_unknown_and_repeated_names_are_refused(names):
  value = re.escape(f"config.trackers is {names!r}; ")
  with pytest.raises(UserError, match=f"{value}.* tensorboard, wandb, mlflow"):
    trackers.check_names(names)


@pytest.mark.parametrize("name", TRACKERS)
def test_a_missing_package_is_named_with_its_extra(name, monkeypatch):
  package = TRACKERS[name].package
  monkeypatch.setitem(sys.modules, package, None)
  message = f"'{name}' in config.trackers needs {package}: pip install "
  with pytest.raises(
    UserError, match=re.escape(f"{message}cascade_jax[{name}]")
  ):
    trackers.check_installed([name])
