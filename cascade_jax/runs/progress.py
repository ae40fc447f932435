"""How far a run is: a bar on a terminal, lines elsewhere."""

import sys

from absl import logging


class Progress:
  """Shows the records of a run; of several replicas, the first one's.

  Args:
    first_step: where this start goes on.
    num_steps: the last step, for the time left.
    num_replicas: said where there are several.
  """

  def __init__(self, first_step: int, num_steps: int, num_replicas: int = 1):
    self._num_steps = num_steps
    self._num_replicas = num_replicas
    self._bar = _progress_bar(first_step, num_steps)

  def show(self, record: dict) -> None:
    """Shows a record of metrics.jsonl."""
    step, rate = record["step"], record["steps_per_second"]
    if self._bar is not None:
      self._bar.set_postfix_str(self._summary(record), refresh=False)
      self._bar.update(step - self._bar.n)
      return
    logging.info(
      "step %d of %d: %s, %.1f steps/s, %s left",
      step,
      self._num_steps,
      self._summary(record),
      rate,
      duration((self._num_steps - step) / rate),
    )

  def close(self) -> None:
    """Leaves the bar as it is."""
    if self._bar is not None:
      self._bar.close()

  def _summary(self, record: dict) -> str:
    parts = [
      f"loss {record['loss']:.2f}",
      f"reconstruction {record['reconstruction']:.2f} nats",
    ]
    opened, code = record.get("open_dimensions"), " + code" * record["discrete"]
    if (opened is not None and opened < len(record["kl_weights"])) or record[
      "phase"
    ]:  # a cascade
      parts = [f"phase {record['phase']}", f"{opened} open{code}", *parts]
    if self._num_replicas > 1:
      parts[0] = f"{self._num_replicas} seeds, of the first: {parts[0]}"
    names = {
      "disentanglement_score": "disentanglement",
      "classification_accuracy": "accuracy",
    }
    parts += [
      f"{name} {record[key]:.1%}"
      for key, name in names.items()
      if record.get(key) is not None
    ]
    return ", ".join(parts)


def duration(seconds: float) -> str:
  """Hours, minutes and seconds: 1:02:03."""
  minutes, seconds = divmod(round(seconds), 60)
  hours, minutes = divmod(minutes, 60)
  return f"{hours}:{minutes:02d}:{seconds:02d}"


def _progress_bar(first_step: int, num_steps: int):
  """A bar on a terminal, None elsewhere (plain lines serve there)."""
  if not sys.stderr.isatty():
    return None
  import tqdm

  return tqdm.tqdm(initial=first_step, total=num_steps, unit=" steps")
