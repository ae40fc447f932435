import subprocess
import sys

import pytest

from cascade_jax import config as config_lib
from cascade_jax.errors import UserError
from cascade_jax.runs import json_file, workdir


def test_config_is_read_as_it_was_written(tmp_path):
  config = config_lib.default()
  workdir.record_config(tmp_path, config)
  assert workdir.read_config(tmp_path).to_dict() == config.to_dict()


def test_error_lists_the_keys_that_differ(tmp_path):
  config = config_lib.default()
  workdir.record_config(tmp_path, config)
  config.beta_high = 4.0
  config.data.image_size = 32
  with pytest.raises(
    UserError,
    match=r"beta_high: 10.0 there, 4.0 now\n  data.image_size: 64 there, 32",
  ):
    workdir.record_config(tmp_path, config)


def test_resumed_run_may_be_longer(tmp_path):
  config = config_lib.default()
  workdir.record_config(tmp_path, config)
  config.num_steps += 1
  config.data.stream = True  # the same images
  workdir.record_config(tmp_path, config)
  assert workdir.read_config(tmp_path).num_steps == config.num_steps


def test_keys_newer_than_the_run_have_their_defaults(tmp_path):
  old = config_lib.default().to_dict()
  del old["num_replicas"], old["solver"], old["data"]["fit"]
  json_file.write(tmp_path / "config.json", workdir.CONFIG, old)
  workdir.record_config(tmp_path, config_lib.default())
  json_file.write(tmp_path / "config.json", workdir.CONFIG, old)
  assert workdir.read_config(tmp_path).num_replicas == 1


@pytest.mark.parametrize("value", [True, False])
def test_a_run_with_a_removed_key_is_read_and_resumed(tmp_path, value):
  old = config_lib.default().to_dict() | {"tensorboard": value}
  del old["trackers"], old["profile_steps"]
  json_file.write(tmp_path / "config.json", workdir.CONFIG, old)
  assert workdir.read_config(tmp_path).trackers == ()
  config = config_lib.default()
  config.trackers = ("tensorboard",)
  workdir.record_config(tmp_path, config)
  assert workdir.read_config(tmp_path).to_dict() == config.to_dict()
  assert config_lib.REMOVED_KEYS.isdisjoint(config.keys())


def test_error_without_a_run_has_the_command_to_train_one(tmp_path):
  with pytest.raises(UserError, match="experiments.train"):
    workdir.read_config(tmp_path)


def test_starts_are_added_to_run_json(tmp_path):
  for step in (0, 20):
    workdir.record_start(tmp_path, step)
  run = workdir.read_run(tmp_path)
  assert run["step"] == 0
  assert [resume["step"] for resume in run["resumes"]] == [20]
  assert run["versions"]["jax"] and run["device"]


def test_one_process_at_a_time(tmp_path):
  claim = (
    "from cascade_jax.runs import workdir\n"
    f"with workdir.claim({str(tmp_path)!r}): pass"
  )
  command = [sys.executable, "-c", claim]
  with workdir.claim(tmp_path):
    second = subprocess.run(command, capture_output=True, text=True)
  assert second.returncode == 1
  assert "UserError: another process is running in workdir" in second.stderr
  with workdir.claim(tmp_path):  # free again
    pass


def test_error_names_a_folder_that_cannot_be_created(tmp_path):
  (tmp_path / "file").write_text("")
  with (
    pytest.raises(UserError, match="can't be written to"),
    workdir.claim(tmp_path / "file" / "run"),
  ):
    pass


def test_a_new_folder_that_nothing_was_written_to_is_removed(tmp_path):
  with pytest.raises(ZeroDivisionError), workdir.claim(tmp_path / "a" / "run"):
    raise ZeroDivisionError
  assert not list(tmp_path.iterdir())
  (tmp_path / "old").mkdir()
  with workdir.claim(tmp_path / "old"), workdir.claim(tmp_path / "new" / "run"):
    (tmp_path / "new" / "run" / "config.json").touch()
  assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]
  with workdir.claim(tmp_path / "new" / "run"):
    pass
  assert workdir.holds_run(tmp_path / "new" / "run")


def test_a_workdir_must_have_a_name():
  with pytest.raises(UserError, match="workdir is empty"), workdir.claim(""):
    pass


def test_settings_of_a_users_own_method_are_kept(tmp_path):
  config = config_lib.default()
  config.my_vae = {"strength": 2.0}
  workdir.record_config(tmp_path, config)
  assert workdir.read_config(tmp_path).my_vae.strength == 2.0


def test_reading_a_config_imports_nothing(tmp_path, monkeypatch):
  (tmp_path / "planted.py").write_text("raise SystemExit('imported')")
  monkeypatch.syspath_prepend(str(tmp_path))
  config = config_lib.default()
  config.method = "planted"
  workdir.record_config(tmp_path, config)
  with pytest.raises(UserError, match="'planted'.*--method=planted"):
    workdir.read_config(tmp_path)


def test_error_says_that_the_config_is_of_another_version(tmp_path):
  old = config_lib.default().to_dict()
  old["num_categories"] = 3  # as it once was
  json_file.write(tmp_path / "config.json", workdir.CONFIG, old)
  with pytest.raises(UserError, match="another version.*num_categories"):
    workdir.read_config(tmp_path)
