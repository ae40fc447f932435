import logging

import pytest

from cascade_jax.runs.progress import Progress, duration

RECORD = {
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


def test_line_says_where_the_run_is(lines):
  Progress(0, 10).show(RECORD)
  assert (
    "step 2 of 10: phase 0, 1 open, loss 3.50, reconstruction 2.50 nats, "
    "4.0 steps/s, 0:00:02 left"
  ) in lines.text


def test_line_of_several_seeds_has_their_number_and_the_scores(lines):
  scores = {"disentanglement_score": 0.5, "classification_accuracy": None}
  Progress(0, 10, num_replicas=3).show({**RECORD, "discrete": True, **scores})
  assert "3 seeds, of the first: phase 0, 1 open + code" in lines.text
  assert "disentanglement 50.0%" in lines.text
  assert "accuracy" not in lines.text


def test_line_of_a_method_without_phases_has_none(lines):
  Progress(0, 10).show({**RECORD, "open_dimensions": 2})
  assert "step 2 of 10: loss 3.50, reconstruction" in lines.text


def test_duration_is_in_hours():
  assert duration(3723.4) == "1:02:03"
