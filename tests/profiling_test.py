import gzip
import itertools
import json

import jax.numpy as jnp
import pytest

from cascade_jax import profiling
from cascade_jax.errors import UserError
from cascade_jax.training import loop


@pytest.mark.parametrize(
  ("text", "steps"),
  [
    ("", range(0)),
    ("0-1", range(0, 1)),
    ("500-520", range(500, 520)),
    ("700-1000", range(700, 1000)),
  ],
)
def test_steps_are_read(text, steps):
  assert profiling.steps(text, 1000) == steps


@pytest.mark.parametrize(
  ("text", "message"),
  [
    ("500", "it must be A-B"),
    ("5-5", "0 <= A < B <= 1000"),
    ("9-5", "0 <= A < B"),
    ("-5-9", "it must be A-B"),
    ("990-1001", "B <= 1000, the last step"),
    ("a-b", "it must be A-B"),
    ("\u0663-\u0665", "it must be A-B"),  # digits, but not of ASCII
    ("1-302", "which are 301 steps; it must be 300 or less"),
  ],
)
def test_bad_steps_are_named(text, message):
  with pytest.raises(UserError, match=f"profile_steps is '{text}'.*{message}"):
    profiling.steps(text, 1000)


def traced_steps(folder):
  """Returns the steps that are named in the trace of a folder."""
  (path,) = folder.rglob("perfetto_trace.json.gz")
  with gzip.open(path) as file:
    found = json.load(file)["traceEvents"]
  names = {event.get("name") for event in found}
  steps = [
    int(event["args"]["step_num"])
    for event in found
    if event.get("name") == "train"
  ]
  return sorted(steps), names


def test_exactly_the_named_steps_are_traced(
  tmp_path, tiny_config, tiny_dataset, caplog
):
  tiny_config.profile_steps = "4-6"
  with caplog.at_level("INFO", "absl"):
    loop.train(tiny_config, tmp_path, tiny_dataset)
  steps, names = traced_steps(tmp_path / "profile")
  assert steps == [4, 5]
  assert "PjitFunction(_update)" in names  # the compiled step
  lines = [x.getMessage() for x in caplog.records if "profile" in x.msg]
  assert len(lines) == 1 and "steps 4-6" in lines[0]
  assert str(tmp_path / "profile") in lines[0]


def record(monkeypatch):
  """Replaces the profiler of jax; returns the list that gets its calls."""
  calls = []

  def start_trace(folder, **_):
    calls.append("start")

  monkeypatch.setattr("jax.profiler.start_trace", start_trace)
  monkeypatch.setattr("jax.profiler.stop_trace", lambda: calls.append("stop"))
  return calls


def take(profile, ends, groups=None):
  """Takes steps in calls, of which each ends where the next one begins."""
  for first, end in itertools.pairwise(ends):
    with profile.call(first, groups):
      pass
    profile.end(end, groups)


def test_a_run_that_starts_later_is_not_traced(tmp_path, monkeypatch):
  calls = record(monkeypatch)
  for ends, expected in [([3, 5, 9], []), ([2, 5, 9], ["start", "stop"])]:
    with profiling.Profile(range(2, 5), tmp_path) as profile:
      take(profile, ends)
    assert calls == expected


@pytest.mark.parametrize("error", [None, SystemExit, FloatingPointError])
def test_a_stop_or_an_error_ends_the_trace(tmp_path, monkeypatch, error):
  calls = record(monkeypatch)
  try:
    with profiling.Profile(range(2, 5), tmp_path) as profile:
      take(profile, [1, 2, 3])
      assert calls == ["start"]
      if error is not None:
        raise error
  except (SystemExit, FloatingPointError):
    pass
  assert calls == ["start", "stop"]


def test_a_trace_that_cannot_be_written_is_a_warning(
  tmp_path, monkeypatch, caplog
):
  def full():
    raise OSError("No space left on device")

  record(monkeypatch)
  monkeypatch.setattr("jax.profiler.stop_trace", full)
  with profiling.Profile(range(0, 2), tmp_path) as profile:
    take(profile, [0, 2, 3], jnp.zeros(3))
  (message,) = [x.getMessage() for x in caplog.records]
  assert "the profile is not complete: No space left" in message
