"""The console script, and what all commands have in common."""

import importlib
import pathlib
import subprocess
import sys

import pytest

from cascade_jax import config as config_lib
from cascade_jax.commands.console import COMMANDS
from cascade_jax.runs import workdir
from tests.helpers.launcher import call, console

NOT_COMMANDS = {
  "__init__",
  "arguments",
  "console",
  "interrupts",
  "jobs",
  "launch",
}


def test_every_command_is_listed_and_has_a_launcher():
  modules = pathlib.Path("cascade_jax/commands").glob("*.py")
  launchers = pathlib.Path("experiments").glob("*.py")
  assert COMMANDS.keys() == {path.stem for path in modules} - NOT_COMMANDS
  assert COMMANDS.keys() == {path.stem for path in launchers} - NOT_COMMANDS


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_the_console_script_lists_the_commands(arguments):
  result = console(*arguments)
  assert result.returncode == 0
  for name, text in COMMANDS.items():
    assert f"  {name:12} {text}\n" in result.stdout


def test_unknown_commands_are_refused_in_one_line():
  result = console("scores")
  assert result.returncode == 1 and result.stderr.count("\n") == 1
  assert "there is no command 'scores'; there are train, " in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_the_docstring_and_the_flags(name):
  text = call(name, "--help").stdout
  assert f"python -m experiments.{name} " in text
  shown = console(name, "--help").stdout
  assert f"cascade-jax {name} " in shown and "-m experiments" not in shown
  command = importlib.import_module(f"cascade_jax.commands.{name}")
  assert text.startswith(command.__doc__)
  expected = {"train": "num_images", "rank": "similarity", "score": "resamples"}
  assert f"--{expected.get(name, '')}" in text


def test_the_console_script_runs_commands_and_names_them_so(tmp_path):
  result = console("summarise", "docs/results/methods/cascade_vae.json")
  assert result.returncode == 0 and "| mean (std) | " in result.stdout
  refused = console("evaluate", f"--workdir={tmp_path}")
  assert refused.returncode == 1
  assert "train one with cascade-jax train --config=" in refused.stderr


def test_a_run_of_ones_own_method_names_its_module(tmp_path, monkeypatch):
  source = """
from cascade_jax.errors import UserError

def build(config, image_shape):
  raise UserError("built")
"""
  (tmp_path / "own_vae.py").write_text(source)
  monkeypatch.syspath_prepend(str(tmp_path))
  monkeypatch.delitem(sys.modules, "own_vae", raising=False)
  config = config_lib.default()
  config.method, config.data.name = "own_vae", "digits"
  config.batch_size = 4
  config.evaluation_images = 0
  workdir.record_config(tmp_path, config)
  run = f"--workdir={tmp_path}"
  for command, *others in (
    ["evaluate"],
    ["explore"],
    ["worth"],
    ["categories", "--num_images=0", f"--picture={tmp_path}/categories.png"],
  ):
    refused = call(command, run, *others)
    assert "--method=own_vae" in refused.stderr, command
    result = call(command, run, "--method=own_vae", *others)
    assert result.stderr.endswith("UserError: built\n"), command
    del sys.modules["own_vae"]


def test_a_missing_config_file_is_named(tmp_path):
  for command in ("train", "benchmark"):
    files = [f"--workdir={tmp_path}"] if command == "train" else []
    result = call(command, "--config=none.py", *files)
    assert result.returncode == 1
    assert "--config must name a file, or one of compact, " in result.stderr
    assert "there is no none.py" in result.stderr
    result = call(command, "--config=none.py", "--config.seed=1", *files)
    assert result.returncode == 1 and "--config can't be read" in result.stderr


def test_a_notebook_shows_our_messages_and_nothing_around_them():
  log_two_lines = (
    "from cascade_jax import training\n"
    "from cascade_jax.commands import launch\n"
    "launch.show_progress()\n"
    "import logging\n"
    "logging.getLogger('jax').addHandler(logging.StreamHandler())\n"
    "logging.getLogger('jax').info('a backend is missing')\n"
    "path = training.__file__\n"
    "record = logging.LogRecord('', 20, path, 1, 'step 1', (), None)\n"
    "logging.getLogger().handle(record)\n"
  )
  result = subprocess.run(
    [sys.executable, "-c", log_two_lines], capture_output=True, text=True
  )
  assert (result.returncode, result.stderr) == (0, "step 1\n")


@pytest.mark.parametrize(
  "name", ["train", "evaluate", "categories", "explore", "worth"]
)
def test_stray_words_are_refused_in_one_line(tmp_path, name):
  flags = {
    "train": ["--config=smoke"],
    "categories": [f"--picture={tmp_path / 'a.png'}"],
  }
  result = call(
    name,
    f"--workdir={tmp_path / 'run'}",
    *flags.get(name, []),
    "config.seed=5",
  )
  assert result.returncode == 1
  assert "UserError: 'config.seed=5' is no flag" in result.stderr
  assert not list(tmp_path.iterdir())


def test_a_config_that_is_no_python_file_is_named(tmp_path):
  (tmp_path / "mine.py").write_text("config = \n")
  result = call("train", f"--config={tmp_path / 'mine.py'}", "--workdir=run")
  assert result.returncode == 1 and "Traceback" not in result.stderr
  assert f"no Python file: invalid syntax ({tmp_path}" in result.stderr
  assert "line 1)" in result.stderr
