"""What a job of a sweep does: it takes cells in turn, each in a process.

A process of its own has the command line that a user would give, fresh memory,
and can fail alone. Slurm's jobs have one cell each; a machine without an engine
has a few jobs, each with its share of the cells.

Signals: before its time is over or when it is preempted, Slurm sends a job
SIGUSR2 or SIGTERM. The run then saves its state, and after SIGUSR2 the job is
put back into the queue, where it goes on later.
"""

import contextlib
import pathlib
import signal
import subprocess
import types
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cascade_jax.sweep import record
from cascade_jax.sweep.record import Record

LOG = "sweep.log"


class Command(NamedTuple):
  """A training command.

  Attributes:
    folder: of the run.
    arguments: of the process.
  """

  folder: pathlib.Path
  arguments: tuple[str, ...]


class Job:
  """Runs commands in turn; submitit pickles it and calls it on some machine.

  Args:
    commands: of cells that are not done.
    environment: of the processes; submitit's own variables are left out.
    directory: in which they run.
  """

  def __init__(
    self,
    commands: Sequence[Command],
    environment: dict[str, str],
    directory: pathlib.Path,
  ) -> None:
    self._commands = list(commands)
    self._environment = environment
    self._directory = directory

  def __call__(self) -> None:
    """Runs all commands; one that fails leaves the others alone."""
    job = _job_id()
    while self._commands:
      self._run(self._commands[0], job)
      self._commands.pop(0)

  def checkpoint(self) -> Any:
    """Returns what submitit puts back into the queue: what is left to do."""
    from submitit.helpers import DelayedSubmission

    return DelayedSubmission(self)

  def _run(self, command: Command, job: str) -> None:
    before = record.read(command.folder)
    attempts = 1 + (before.attempts if before else 0)
    record.write(command.folder, Record(record.RUNNING, job, attempts))
    with (command.folder / LOG).open("ab") as log:
      process = subprocess.Popen(
        command.arguments,
        cwd=self._directory,
        env=self._environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        # Not stopped by Ctrl-C in the terminal that watches the sweep.
        start_new_session=True,
      )
      with _passing_on_signals(process) as received:
        code = process.wait()
    state, error = record.DONE, ""
    if code and received:
      state = record.STOPPED
    elif code:
      state, error = record.FAILED, _error(command.folder / LOG, code)
    record.write(command.folder, Record(state, job, attempts, error))
    if state == record.STOPPED:
      _end_as_asked(received[0])


@contextlib.contextmanager
def _passing_on_signals(process: subprocess.Popen) -> Iterator[list[int]]:
  """Stops the run on a signal for the job, and yields those that came."""
  received: list[int] = []

  def stop(number: int, frame: types.FrameType | None) -> None:
    received.append(number)
    process.send_signal(signal.SIGTERM)  # the run saves its state

  numbers = (signal.SIGUSR2, signal.SIGTERM)
  before = [signal.signal(number, stop) for number in numbers]
  try:
    yield received
  finally:
    for number, handler in zip(numbers, before, strict=True):
      signal.signal(number, handler)


def _end_as_asked(number: int) -> None:
  """Ends the job: by submitit's handler, which puts it back into the queue."""
  handler = signal.getsignal(signal.SIGUSR2)
  if number == signal.SIGUSR2 and callable(handler):
    handler(number, None)
  raise SystemExit(128 + number)


def _job_id() -> str:
  from submitit import JobEnvironment

  return JobEnvironment().job_id


def _error(log: pathlib.Path, code: int) -> str:
  """Returns why a run failed: how it was killed, or its last line."""
  if code < 0:
    return f"killed by {signal.Signals(-code).name}"
  lines = log.read_text(errors="replace").strip().splitlines()
  return lines[-1][:500] if lines else f"ended with code {code}"
