import logging
import time

import pytest

from cascade_jax import activity as activity_lib
from cascade_jax.activity import activity


@pytest.fixture
def lines(caplog, monkeypatch):
  caplog.set_level(logging.INFO, logger="absl")
  monkeypatch.setattr(activity_lib, "SECONDS", 0.01)
  return caplog


def wait_for(text, lines):
  """Waits until a log line says so, for as long as a busy machine takes."""
  end = time.monotonic() + 60
  while text not in lines.text and time.monotonic() < end:
    time.sleep(0.01)
  assert text in lines.text


def test_what_lasts_is_said_again_with_how_far_it_is(lines):
  with activity("solving") as reach:
    assert lines.messages[0] == "solving"
    wait_for("solving: 0 s so far", lines)
    reach("part 2 of 3")
    wait_for("solving: part 2 of 3, 0 s so far", lines)
  count = len(lines.messages)
  time.sleep(0.05)
  assert len(lines.messages) == count  # it has ended


def test_what_is_short_can_go_unmentioned(lines, monkeypatch):
  monkeypatch.setattr(activity_lib, "SECONDS", 60)
  with activity("solving", announced=False):
    pass
  assert not lines.messages


def test_it_ends_with_an_error_too(lines):
  with pytest.raises(ValueError), activity("solving"):
    raise ValueError
  count = len(lines.messages)
  time.sleep(0.05)
  assert len(lines.messages) == count
