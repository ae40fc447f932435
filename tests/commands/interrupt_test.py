"""Ctrl-C in every command: one line, and the status of an interrupted one."""

import importlib
import re
import signal

import pytest

from cascade_jax.commands import compare, interrupts, train
from cascade_jax.commands.console import COMMANDS
from tests.helpers.launcher import call, console
from tests.helpers.started import interrupted

REQUIRED = {
  "train": ["--config=smoke"],
  "sweep": ["--config=smoke"],
  "reproduce": ["--scale=compact"],
  "k_means": ["--config=smoke"],
  "information": ["--output=x.json", "--picture=x.png"],
  "categories": ["--picture=x.png"],
}


def interrupt(*_):
  signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("run", [call, console])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_ends_in_one_line(tmp_path, monkeypatch, name, run):
  command = importlib.import_module(f"cascade_jax.commands.{name}")
  monkeypatch.setattr(command, "main", interrupt)
  flags = REQUIRED.get(name, [])
  if name in ("train", "sweep", "evaluate", "explore", "categories"):
    flags = [*flags, f"--workdir={tmp_path}"]
  result = run(name, *flags)
  assert result.returncode == 130
  assert result.stderr.endswith(
    "Interrupted: nothing is half-written; run the command again\n"
  )
  assert result.stderr.count("Interrupted") == 1


def test_an_interrupt_that_becomes_another_error_is_the_same_line(monkeypatch):
  def swallow(_):
    try:
      signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt as error:
      raise ImportError("numpy could not be imported") from error

  monkeypatch.setattr(compare, "main", swallow)
  result = call("compare")
  assert result.returncode == 130
  assert result.stderr.endswith("half-written; run the command again\n")


def test_afterwards_ctrl_c_ends_the_process_as_the_system_does():
  """Python would print a traceback of its shutdown."""
  before = signal.getsignal(signal.SIGINT)
  try:
    for ignored in (False, True):
      # A shell ignores Ctrl-C for what it starts in the background.
      expected = signal.SIG_IGN if ignored else signal.SIG_DFL
      signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else before)
      with interrupts.interruptible():
        pass
      assert signal.getsignal(signal.SIGINT) is expected
  finally:
    signal.signal(signal.SIGINT, before)


def test_a_training_says_which_step_is_saved(tmp_path, monkeypatch):
  for seed, steps in enumerate([(5, 10), (5,)]):
    for step in steps:
      (tmp_path / f"seed_{seed}" / "checkpoints" / str(step)).mkdir(
        parents=True
      )
  monkeypatch.setattr(train.loop, "train", interrupt)
  result = call(
    "train",
    "--config=experiments/configs/smoke.py",
    "--config.num_replicas=2",
    f"--workdir={tmp_path}",
  )
  assert result.returncode == 130
  assert result.stderr.endswith(
    f"Interrupted: step 5 of 12 is saved in {tmp_path}; run the same command "
    "to go on from there\n"
  )


def test_a_training_says_that_nothing_is_saved(tmp_path, monkeypatch):
  monkeypatch.setattr(train.loop, "train", interrupt)
  result = call(
    "train",
    "--config=experiments/configs/smoke.py",
    f"--workdir={tmp_path}",
  )
  assert result.stderr.endswith("no step is saved yet; run the command again\n")


def test_the_imports_can_be_interrupted():
  code, lines = interrupted("importing jax", "compare", "none.json")
  assert code == 130
  assert lines == [
    "Interrupted: nothing is half-written; run the command again\n"
  ]


def test_a_training_saves_its_last_step(tmp_path):
  code, lines = interrupted(
    "step 2 of",
    "train",
    "--config=experiments/configs/smoke.py",
    "--config.num_steps=100000",
    f"--workdir={tmp_path}",
  )
  assert code == 130
  (line,) = lines
  said = re.fullmatch(
    r"W.* interrupted by SIGINT: step (\d+) of 100000 is saved; run the same "
    r"command to go on from there\n",
    line,
  )
  assert said, line
  assert (tmp_path / "checkpoints" / said[1]).exists()
