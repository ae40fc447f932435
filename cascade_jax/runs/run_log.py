"""What a run writes while it trains: metrics.jsonl, and TensorBoard's files.

`metrics.jsonl` has one JSON object a logged step and each step once, also
after a run was killed and resumed. Times are of all replicas together. Scores
(`config.evaluate_every`) are by `scores.PROTOCOL`, on the same `scored_images`
images of the data set each time.
"""

import json
import pathlib
import time

from cascade_jax.errors import UserError

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
    tensorboard: whether to write TensorBoard event files too.
  """

  def __init__(
    self, folder: pathlib.Path, first_step: int, tensorboard: bool = False
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
    self._events = _event_writer(folder, first_step) if tensorboard else None

  def write(self, record: dict) -> dict:
    """Writes a record; returns it with steps a second and time elapsed."""
    now = time.perf_counter()
    step = record["step"]
    rate = (step - self._last_step) / (now - self._last_time)
    elapsed = self._earlier + now - self._started
    self._last_step, self._last_time = step, now
    record = {**record, "steps_per_second": rate, "elapsed": elapsed}
    self._file.write(json.dumps(record) + "\n")
    self._file.flush()
    if self._events:
      _write_events(self._events, record)
    return record

  def close(self) -> None:
    """Closes the files."""
    self._file.close()
    if self._events:
      self._events.close()


def _event_writer(folder: pathlib.Path, first_step: int):
  try:
    import tensorboardX
  except ImportError as error:
    raise UserError(
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
    elif key != "step" and value is not None:  # an unknown score is None
      events.add_scalar(key, float(value), record["step"])
