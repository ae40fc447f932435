"""The log of a run: metrics.jsonl.

`log_file` has the format of `metrics.jsonl`. Times are of all replicas
together. The scores that `config.evaluate_every` adds follow
`scores.PROTOCOL`, on the same `scored_images` images of the data set each time.
"""

import os
import pathlib
import time

from absl import logging

from cascade_jax import atomic
from cascade_jax.runs import log_file


class RunLog:
  """Writes the log entries of one run.

  Args:
    folder: the folder of the run.
    first_step: the step from which the run is started or resumed; later log
      entries are dropped, because the run will write them again.

  Raises:
    UserError: the log that is there is damaged, or can't be written.
  """

  def __init__(self, folder: pathlib.Path, first_step: int) -> None:
    entries = log_file.read(folder)
    kept = [entry for entry in entries if entry["step"] <= first_step]
    self._path = folder / log_file.NAME
    if len(kept) < len(entries):
      logging.info(
        "%s: %d entries after step %d are dropped; the run writes them again",
        self._path,
        len(entries) - len(kept),
        first_step,
      )
    log_file.write(self._path, kept)
    with atomic.naming(self._path):
      self._file = self._path.open("ab")
    self._num_lines = len(kept)
    self._earlier = kept[-1]["elapsed"] if kept else 0.0
    self._started = self._last_time = time.perf_counter()
    self._last_step = first_step
    self._logged_step = kept[-1]["step"] if kept else 0

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
    with atomic.naming(self._path):
      self._file.write(log_file.line(entry, self._num_lines + 1))
      self._file.flush()
    self._num_lines += 1
    self._logged_step = step
    return entry

  def sync(self) -> int:
    """Makes all entries outlast a power cut; returns the step of the last."""
    with atomic.naming(self._path):
      os.fsync(self._file.fileno())
    return self._logged_step

  def close(self) -> None:
    """Closes the file."""
    with atomic.naming(self._path):
      self._file.close()
