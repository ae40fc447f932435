"""What a run says while it runs: metrics.jsonl, a progress line, TensorBoard.

`metrics.jsonl` has one JSON object a logged step and each step once, also
after a run was killed and resumed.
"""

import json
import pathlib
import sys
import time

from absl import logging

_FILE = "metrics.jsonl"


def read_metrics(folder: pathlib.Path) -> list[dict]:
  """The records of `metrics.jsonl`; a line cut off by a kill is left out."""
  path = folder / _FILE
  if not path.exists():
    return []
  records = []
  for line in path.read_text().splitlines():
    try:
      records.append(json.loads(line))
    except json.JSONDecodeError:
      break
  return records


class RunLog:
  """Writes the records of one run, from `first_step` on.

  Args:
    folder: the run's folder.
    first_step: records after it are dropped: they'll be written again.
    num_steps: the last step, for the time left.
    tensorboard: whether to write TensorBoard event files too.
  """

  def __init__(
    self,
    folder: pathlib.Path,
    first_step: int,
    num_steps: int,
    tensorboard: bool = False,
  ):
    kept = [r for r in read_metrics(folder) if r["step"] <= first_step]
    lines = "".join(json.dumps(record) + "\n" for record in kept)
    partial = folder / f"{_FILE}.partial"
    partial.write_text(lines)
    partial.replace(folder / _FILE)
    self._file = (folder / _FILE).open("a")
    self._earlier = kept[-1]["elapsed"] if kept else 0.0
    self._started = self._last_time = time.perf_counter()
    self._last_step = first_step
    self._num_steps = num_steps
    self._bar = _progress_bar(first_step, num_steps)
    self._events = _event_writer(folder, first_step) if tensorboard else None

  def write(self, record: dict) -> None:
    """Writes one record; adds its steps a second and the time elapsed."""
    now = time.perf_counter()
    step = record["step"]
    rate = (step - self._last_step) / (now - self._last_time)
    elapsed = self._earlier + now - self._started
    self._last_step, self._last_time = step, now
    record = {**record, "steps_per_second": rate, "elapsed": elapsed}
    self._file.write(json.dumps(record) + "\n")
    self._file.flush()
    self._show(record)
    if self._events:
      _write_events(self._events, record)

  def close(self) -> None:
    """Closes the files and the progress bar."""
    self._file.close()
    if self._bar is not None:
      self._bar.close()
    if self._events:
      self._events.close()

  def _show(self, record: dict) -> None:
    step, rate = record["step"], record["steps_per_second"]
    summary = (
      f"phase {record['phase']}, {record['open_dimensions']} open"
      f"{' + code' if record['discrete'] else ''}, loss {record['loss']:.2f}, "
      f"reconstruction {record['reconstruction']:.2f} nats"
    )
    if self._bar is not None:
      self._bar.set_postfix_str(summary, refresh=False)
      self._bar.update(step - self._bar.n)
      return
    seconds_left = (self._num_steps - step) / rate
    logging.info(
      "step %d of %d: %s, %.1f steps/s, %s left",
      step,
      self._num_steps,
      summary,
      rate,
      duration(seconds_left),
    )


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


def _event_writer(folder: pathlib.Path, first_step: int):
  try:
    import tensorboardX
  except ImportError as error:
    raise ImportError(
      "config.tensorboard needs tensorboardX: pip install "
      "cascade_jax[tensorboard], or leave it off (metrics.jsonl has it all)"
    ) from error
  # Events of steps that a killed run had reached are written again.
  return tensorboardX.SummaryWriter(
    str(folder / "tensorboard"), purge_step=first_step + 1
  )


def _write_events(events, record: dict) -> None:
  for key, value in record.items():
    if isinstance(value, list):
      for index, item in enumerate(value, start=1):
        events.add_scalar(f"{key}/{index}", item, record["step"])
    elif key != "step":
      events.add_scalar(key, float(value), record["step"])
