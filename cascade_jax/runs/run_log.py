"""The log of a run: metrics.jsonl and TensorBoard's event files.

`metrics.jsonl` has one log entry, a JSON object, for each logged step, and each
step once, even if the run was killed and resumed. Times are of all replicas
together. The scores that `config.evaluate_every` adds follow
`scores.PROTOCOL`, on the same `scored_images` images of the data set each time.
"""

import json
import pathlib
import time
from typing import TYPE_CHECKING

from cascade_jax.errors import UserError

if TYPE_CHECKING:
  import tensorboardX

_FILE = "metrics.jsonl"


def read_metrics(folder: pathlib.Path) -> list[dict]:
  """Reads the log entries of `metrics.jsonl`, without a line cut by a kill.

  Returns:
    The entries in the order of their steps; empty if there is no file.
  """
  path = folder / _FILE
  if not path.exists():
    return []
  entries = []
  for line in path.read_text().splitlines():
    try:
      entries.append(json.loads(line))
    except json.JSONDecodeError:
      break
  return entries


class RunLog:
  """Writes the log entries of one run.

  Args:
    folder: the folder of the run.
    first_step: the step from which the run is started or resumed; later log
      entries are dropped, because the run will write them again.
    tensorboard: whether to write TensorBoard's event files too.

  Raises:
    UserError: tensorboardX is needed and isn't installed.
  """

  def __init__(
    self, folder: pathlib.Path, first_step: int, tensorboard: bool = False
  ) -> None:
    kept = [e for e in read_metrics(folder) if e["step"] <= first_step]
    lines = "".join(json.dumps(entry) + "\n" for entry in kept)
    partial = folder / f"{_FILE}.partial"
    partial.write_text(lines)
    partial.replace(folder / _FILE)
    self._file = (folder / _FILE).open("a")
    self._earlier = kept[-1]["elapsed"] if kept else 0.0
    self._started = self._last_time = time.perf_counter()
    self._last_step = first_step
    self._events = _event_writer(folder, first_step) if tensorboard else None

  def write(self, entry: dict) -> dict:
    """Writes a log entry.

    Returns:
      The entry with `steps_per_second` and `elapsed`, the seconds of training
      since the first start, without pauses.
    """
    now = time.perf_counter()
    step = entry["step"]
    rate = (step - self._last_step) / (now - self._last_time)
    elapsed = self._earlier + now - self._started
    self._last_step, self._last_time = step, now
    entry = {**entry, "steps_per_second": rate, "elapsed": elapsed}
    self._file.write(json.dumps(entry) + "\n")
    self._file.flush()
    if self._events:
      _write_events(self._events, entry)
    return entry

  def close(self) -> None:
    """Closes the files."""
    self._file.close()
    if self._events:
      self._events.close()


def check_tensorboard() -> None:
  """Refuses to write event files where tensorboardX isn't installed."""
  try:
    import tensorboardX  # noqa: F401
  except ImportError as error:
    raise UserError(
      "config.tensorboard needs tensorboardX: pip install "
      "cascade_jax[tensorboard], or leave it off (metrics.jsonl has it all)"
    ) from error


def _event_writer(
  folder: pathlib.Path, first_step: int
) -> "tensorboardX.SummaryWriter":
  check_tensorboard()
  import tensorboardX

  # A resumed run writes the later events of a killed one again.
  return tensorboardX.SummaryWriter(
    str(folder / "tensorboard"), purge_step=first_step + 1
  )


def _write_events(events: "tensorboardX.SummaryWriter", entry: dict) -> None:
  """Writes a scalar for each number, and one for each item of a list."""
  for key, value in entry.items():
    if isinstance(value, list):
      for index, item in enumerate(value, start=1):
        events.add_scalar(f"{key}/{index}", item, entry["step"])
    elif key != "step" and value is not None:  # an undefined score is None
      events.add_scalar(key, float(value), entry["step"])
