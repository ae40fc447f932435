"""Checks of what stands on a command line."""

import pathlib

import pytest

from cascade_jax import configs
from cascade_jax.commands.arguments import with_config_paths

FOLDER = pathlib.Path(configs.__file__).parent


@pytest.mark.parametrize(
  ("argument", "expected"),
  [
    ("--config=compact", f"--config={FOLDER}/compact.py"),
    ("-config=compact:dependable", f"-config={FOLDER}/compact.py:dependable"),
    ("--config=compact.py", "--config=compact.py"),
    ("--config=recipe", "--config=recipe"),  # no config, a part of some
    ("--config.seed=3", "--config.seed=3"),
    ("compact", "compact"),
  ],
)
def test_names_of_configs_stand_for_their_files(argument, expected):
  assert with_config_paths(["train", argument]) == ["train", expected]


def test_a_file_of_the_user_comes_first(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  (tmp_path / "compact").write_text("")
  assert with_config_paths(["--config=compact"]) == ["--config=compact"]
