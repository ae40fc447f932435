"""The progress of a run: a bar on a terminal, log lines elsewhere."""

import datetime
import logging as python_logging
import sys
import time
from typing import TYPE_CHECKING

from absl import logging

from cascade_jax.activity import SECONDS

if TYPE_CHECKING:
  import tqdm

_SCORE_NAMES = {
  "disentanglement_score": "disentanglement",
  "classification_accuracy": "accuracy",
}


class Progress:
  """Shows the log entries of a run; of several replicas, the first one's.

  Args:
    first_step: the step from which the run is started or resumed.
    num_steps: the last step of the run, for the time that is left.
    num_replicas: the number of replicas, shown if there are several.
  """

  def __init__(
    self, first_step: int, num_steps: int, num_replicas: int = 1
  ) -> None:
    self._num_steps = num_steps
    self._num_replicas = num_replicas
    self._bar = _progress_bar(first_step, num_steps)
    if self._bar is not None:
      logging.get_absl_handler().addFilter(self._make_way)
    self._last_shown = time.monotonic()

  def show(self, entry: dict) -> None:
    """Shows one log entry of metrics.jsonl."""
    self._last_shown = time.monotonic()
    step, rate = entry["step"], entry["steps_per_second"]
    if self._bar is not None:
      self._bar.set_postfix_str(self._summary(entry), refresh=False)
      self._bar.update(step - self._bar.n)
      return
    logging.info(
      "step %d of %d: %s, %.1f steps/s, %s left",
      step,
      self._num_steps,
      self._summary(entry),
      rate,
      duration((self._num_steps - step) / rate),
    )

  def wait(self, step: int) -> None:
    """Shows a step without an entry, if nothing was shown for 15 seconds."""
    if time.monotonic() - self._last_shown < SECONDS:
      return
    self._last_shown = time.monotonic()
    if self._bar is not None:
      self._bar.update(step - self._bar.n)
    else:
      logging.info("step %d of %d", step, self._num_steps)

  def close(self) -> None:
    """Closes the bar and leaves it on the terminal."""
    if self._bar is not None:
      logging.get_absl_handler().removeFilter(self._make_way)
      self._bar.close()

  def _make_way(self, _: python_logging.LogRecord) -> bool:
    """Clears the bar for a log line; the next step draws it below."""
    assert self._bar is not None  # or this is no filter of the handler
    self._bar.clear()
    return True

  def _summary(self, entry: dict) -> str:
    """Joins the stage of a cascade, the loss and the scores, if there are."""
    parts = [
      *_stage_parts(entry),
      f"loss {entry['loss']:.2f}",
      f"reconstruction {entry['reconstruction']:.2f} nats",
    ]
    if self._num_replicas > 1:
      parts[0] = f"{self._num_replicas} seeds, of the first: {parts[0]}"
    parts += [
      f"{name} {entry[key]:.1%}"
      for key, name in _SCORE_NAMES.items()
      if entry.get(key) is not None
    ]
    return ", ".join(parts)


def duration(seconds: float) -> str:
  """Formats seconds as hours, minutes and seconds, for example 1:02:03."""
  return str(datetime.timedelta(seconds=round(seconds)))


def _stage_parts(entry: dict) -> list[str]:
  """The phase and the open dimensions; empty for a method without a cascade.

  The entries of a method without KL weights have neither `open_dimensions` nor
  `kl_weights`.
  """
  phase = entry["phase"]
  if "open_dimensions" not in entry or "kl_weights" not in entry:
    return [f"phase {phase}"] if phase else []
  opened = entry["open_dimensions"]
  if not phase and opened == len(entry["kl_weights"]):
    return []
  categories = " + categories" if entry["discrete"] else ""
  return [f"phase {phase}", f"{opened} open{categories}"]


def _progress_bar(first_step: int, num_steps: int) -> "tqdm.tqdm | None":
  """Opens a bar on a terminal; None elsewhere, where lines are logged."""
  if not sys.stderr.isatty():
    return None
  import tqdm

  return tqdm.tqdm(initial=first_step, total=num_steps, unit=" steps")
