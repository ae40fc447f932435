import subprocess
import sys

import pytest

from cascade_jax import config as config_lib
from cascade_jax.runs import json_file, workdir


def test_config_comes_back(tmp_path):
  config = config_lib.default()
  workdir.record_config(tmp_path, config)
  assert workdir.read_config(tmp_path).to_dict() == config.to_dict()


def test_another_config_is_refused_by_name(tmp_path):
  config = config_lib.default()
  workdir.record_config(tmp_path, config)
  config.beta_high = 4.0
  config.data.image_size = 32
  with pytest.raises(
    ValueError, match=r"beta_high: 10.0 there, 4.0 now\n.*data"
  ):
    workdir.record_config(tmp_path, config)


def test_a_longer_run_may_go_on(tmp_path):
  config = config_lib.default()
  workdir.record_config(tmp_path, config)
  config.num_steps += 1
  workdir.record_config(tmp_path, config)
  assert workdir.read_config(tmp_path).num_steps == config.num_steps


def test_keys_newer_than_the_run_are_at_their_defaults(tmp_path):
  old = config_lib.default().to_dict()
  del old["num_replicas"], old["solver"]
  json_file.write(tmp_path / "config.json", old)
  workdir.record_config(tmp_path, config_lib.default())
  json_file.write(tmp_path / "config.json", old)
  assert workdir.read_config(tmp_path).num_replicas == 1


def test_no_run_is_an_error_with_the_command(tmp_path):
  with pytest.raises(ValueError, match="experiments.train"):
    workdir.read_config(tmp_path)


def test_starts_are_recorded(tmp_path):
  for step in (0, 20):
    workdir.record_start(tmp_path, step)
  run = json_file.read(tmp_path / "run.json")
  assert run["step"] == 0
  assert [resume["step"] for resume in run["resumes"]] == [20]
  assert run["versions"]["jax"] and run["device"]


def test_one_process_at_a_time(tmp_path):
  claim = (
    "from cascade_jax import workdir\n"
    f"with workdir.claim({str(tmp_path)!r}): pass"
  )
  command = [sys.executable, "-c", claim]
  with workdir.claim(tmp_path):
    second = subprocess.run(command, capture_output=True, text=True)
  assert "another process is running in workdir" in second.stderr
  subprocess.run(command, check=True)  # free again


def test_folder_that_cannot_be_made_is_named(tmp_path):
  (tmp_path / "file").write_text("")
  with (
    pytest.raises(ValueError, match="can't be written to"),
    workdir.claim(tmp_path / "file" / "run"),
  ):
    pass


def test_settings_of_ones_own_method_come_back(tmp_path):
  config = config_lib.default()
  config.my_vae = {"strength": 2.0}
  workdir.record_config(tmp_path, config)
  assert workdir.read_config(tmp_path).my_vae.strength == 2.0


def test_config_of_another_version_is_named(tmp_path):
  old = config_lib.default().to_dict()
  old["num_categories"] = 3  # as it once was
  json_file.write(tmp_path / "config.json", old)
  with pytest.raises(ValueError, match="another version.*num_categories"):
    workdir.read_config(tmp_path)
