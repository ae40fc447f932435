import logging
import sys

import pytest
from absl import logging as absl_logging

from cascade_jax import activity
from cascade_jax.runs.progress import Progress, duration

ENTRY = {
  "step": 2,
  "phase": 0,
  "open_dimensions": 1,
  "discrete": False,
  "kl_weights": [1.0, 10.0],
  "loss": 3.5,
  "reconstruction": 2.5,
  "steps_per_second": 4.0,
}


@pytest.fixture
def lines(caplog):
  caplog.set_level(logging.INFO, logger="absl")
  return caplog


def test_line_shows_step_stage_and_loss(lines):
  Progress(0, 10).show(ENTRY)
  assert (
    "step 2 of 10: phase 0, 1 open, loss 3.50, reconstruction 2.50 nats, "
    "4.0 steps/s, 0:00:02 left"
  ) in lines.text


def test_line_of_several_replicas_shows_their_number_and_the_scores(lines):
  scores = {"disentanglement_score": 0.5, "classification_accuracy": None}
  Progress(0, 10, num_replicas=3).show({**ENTRY, "discrete": True, **scores})
  assert "3 seeds, of the first: phase 0, 1 open + categories" in lines.text
  assert "disentanglement 50.0%" in lines.text
  assert "accuracy" not in lines.text


def test_line_of_a_method_without_a_cascade_shows_no_stage(lines):
  Progress(0, 10).show({**ENTRY, "open_dimensions": 2})
  assert "step 2 of 10: loss 3.50, reconstruction" in lines.text


def test_method_without_kl_weights_needs_neither_of_their_keys(lines):
  keys = ("open_dimensions", "kl_weights")
  entry = {key: value for key, value in ENTRY.items() if key not in keys}
  Progress(0, 10).show(entry)
  Progress(0, 10, num_replicas=2).show(entry)
  Progress(0, 10).show({**entry, "phase": 1})
  assert "step 2 of 10: loss 3.50, reconstruction" in lines.text
  assert "step 2 of 10: 2 seeds, of the first: loss 3.50" in lines.text
  assert "step 2 of 10: phase 1, loss 3.50" in lines.text


def test_bar_on_a_terminal_shows_the_same(monkeypatch, capsys):
  monkeypatch.setattr("sys.stderr.isatty", lambda: True)
  progress = Progress(0, 10)
  progress.show(ENTRY)
  progress.close()
  assert "phase 0, 1 open, loss 3.50" in capsys.readouterr().err


def test_a_log_line_does_not_land_beside_the_bar(monkeypatch, capsys):
  monkeypatch.setattr("sys.stderr.isatty", lambda: True)
  handler = absl_logging.get_absl_handler()
  monkeypatch.setattr(handler.python_handler, "stream", sys.stderr)
  progress = Progress(0, 10)
  ours = activity.__file__
  handler.handle(logging.LogRecord("", 20, ours, 1, "saving", (), None))
  progress.close()
  before, _, after = capsys.readouterr().err.partition("saving")
  *_, before = before.split("\r")  # what is overwritten by spaces is gone
  assert "steps" not in before and after.startswith("\n")


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_step_without_an_entry_is_shown_after_a_while(
  lines, monkeypatch, capsys, is_terminal
):
  monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
  progress = Progress(0, 10)
  progress.wait(3)
  assert "step 3" not in lines.text
  monkeypatch.setattr("cascade_jax.runs.progress.SECONDS", 0)
  progress.wait(4)
  progress.close()
  shown = capsys.readouterr().err if is_terminal else lines.text
  assert ("4/10" if is_terminal else "step 4 of 10") in shown


@pytest.mark.parametrize(
  ("seconds", "expected"),
  [(0.4, "0:00:00"), (3723.4, "1:02:03"), (86399.4, "23:59:59")],
)
def test_duration_is_in_hours_minutes_and_seconds(seconds, expected):
  assert duration(seconds) == expected
