"""The profile of some steps of a run, for XProf in TensorBoard and Perfetto."""

import contextlib
import pathlib
import re
from typing import Any

import jax
from absl import logging

from cascade_jax.activity import activity
from cascade_jax.errors import UserError, one_line

MOST_STEPS = 300  # a trace of more is too large for its viewers
_STEPS = re.compile(r"(\d{1,10})-(\d{1,10})", re.ASCII)


def steps(text: str, num_steps: int) -> range:
  """Returns the steps, counted from 0, that `config.profile_steps` names.

  Args:
    text: "A-B" for those that follow step A, up to step B of the log; or "".
    num_steps: of the run.

  Raises:
    UserError: the text is of another form, or of other or too many steps.
  """
  if not text:
    return range(0)
  match = _STEPS.fullmatch(text)
  first, last = map(int, match.groups()) if match else (0, 0)
  if not first < last <= num_steps:
    raise UserError(
      f"config.profile_steps is {text!r}; it must be A-B, with 0 <= A < B <= "
      f"{num_steps}, the last step, as in 500-520"
    )
  if last - first > MOST_STEPS:
    raise UserError(
      f"config.profile_steps is {text!r}, which are {last - first} steps; it "
      f"must be {MOST_STEPS} or less, because traces get large"
    )
  return range(first, last)


class Profile:
  """Traces steps of a run into a folder; a context, which ends the trace.

  A run that is resumed after the first of the steps is not traced. An error
  while a trace is written is a warning.

  Args:
    steps: to trace. Calls must begin at the first and end at the last one.
    folder: that gets the trace.
  """

  def __init__(self, steps: range, folder: pathlib.Path) -> None:
    self._steps = steps
    self._folder = folder
    self._is_open = False

  def call(
    self, first: int, groups: Any
  ) -> contextlib.AbstractContextManager[object]:
    """Returns the context of a call, and starts the trace if that is due.

    Args:
      first: step of the call.
      groups: states, whose earlier updates do not belong to the trace.
    """
    if first == self._steps.start and self._steps:
      jax.block_until_ready(groups)
      self._start()
    if not self._is_open:
      return contextlib.nullcontext()
    return jax.profiler.StepTraceAnnotation("train", step_num=first)

  def end(self, step: int, groups: Any) -> None:
    """Ends the trace after its last step, when the states are computed."""
    if self._is_open and step >= self._steps.stop:
      jax.block_until_ready(groups)
      self._stop()

  def __enter__(self) -> "Profile":
    return self

  def __exit__(self, *_: object) -> None:
    if self._is_open:
      self._stop()

  def _start(self) -> None:
    try:
      options = jax.profiler.ProfileOptions()
      options.python_tracer_level = 0  # each Python call: most of the trace
      jax.profiler.start_trace(
        self._folder, create_perfetto_trace=True, profiler_options=options
      )
      self._is_open = True
    except Exception as error:  # such as a trace that a notebook has started
      logging.warning("no profile is written: %s", one_line(error))

  def _stop(self) -> None:
    self._is_open = False
    try:
      with activity("writing the profile", announced=False):
        jax.profiler.stop_trace()
    except Exception as error:
      logging.warning("the profile is not complete: %s", one_line(error))
      return
    logging.info(
      "the profile of steps %d-%d is in %s; open its perfetto_trace.json.gz at "
      "https://ui.perfetto.dev, or: pip install tensorboard xprof, then "
      "tensorboard --logdir=%s",
      self._steps.start,
      self._steps.stop,
      self._folder,
      self._folder,
    )
