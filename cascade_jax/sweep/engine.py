"""The engines that run jobs: processes of this machine, or Slurm."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from cascade_jax import optional
from cascade_jax.errors import UserError
from cascade_jax.sweep.job import Command, Job

NAMES = ("local", "slurm")
_YEAR = 525_600  # minutes
_MINUTES = 240  # of a Slurm job, if the user names no other time
_WAITING = ("PENDING", "REQUEUED", "REQUEUE_HOLD", "SUSPENDED")


class Engine:
  """Submits jobs and tells which of them are alive.

  Args:
    name: one of `NAMES`.
    folder: for submitit's own files.
    parameters: of submitit, such as `partition`; for Slurm alone.

  Raises:
    UserError: submitit is not installed, there is no Slurm, or a parameter is
      none of submitit's.
  """

  def __init__(
    self, name: str, folder: pathlib.Path, parameters: dict[str, Any]
  ) -> None:
    self._name = name
    self._submitted: list[Any] = []
    submitit = optional.imported("submitit", "sweep", "a sweep")
    if name == "local":
      if parameters:
        raise UserError("--slurm has no effect with --executor=local")
      self._executor = submitit.LocalExecutor(folder)
      self._executor.update_parameters(timeout_min=_YEAR)
      return
    if not shutil.which("sbatch"):
      raise UserError(
        "--executor=slurm needs Slurm's sbatch, which is not on this machine; "
        "call it where jobs are submitted, or use --executor=local"
      )
    # Each time limit is a requeue, after which the run goes on.
    self._executor = submitit.SlurmExecutor(folder, max_num_timeout=10**6)
    try:
      self._executor.update_parameters(**{"time": _MINUTES, **parameters})
    except ValueError as error:
      raise UserError(f"--slurm: {' '.join(str(error).split())}") from error

  def submit(self, commands: Sequence[Command], num_jobs: int) -> list[str]:
    """Submits commands as one array job; returns the job of each command.

    Args:
      commands: to run.
      num_jobs: how many run at the same time.
    """
    directory, environment = pathlib.Path.cwd(), _environment()
    shares = [[command] for command in commands]
    if self._name == "local":
      shares = [list(commands[k::num_jobs]) for k in range(num_jobs)]
    else:
      self._executor.update_parameters(array_parallelism=num_jobs)
    with _outlasting_the_terminal(), self._executor.batch():
      submitted = [
        self._executor.submit(Job(share, environment, directory))
        for share in shares
        if share
      ]
    self._submitted += submitted
    ids = {
      command.folder: job.job_id
      for share, job in zip(shares, submitted)
      for command in share
    }
    return [ids[command.folder] for command in commands]

  def alive(self, jobs: Collection[str]) -> dict[str, str]:
    """Returns "waiting" or "running" for each job that has not ended."""
    if self._name == "local":
      for job in self._submitted:
        job.get_info()  # or a process that has ended would stay listed
      processes = _lines("ps", "-e", "-o", "pid=", "-o", "args=")
      ours = {line.split()[0] for line in processes if "submitit" in line}
      return dict.fromkeys(ours & set(jobs), "running")
    queue = _lines("squeue", "--noheader", "--array", "--me", "--format=%i %T")
    states = dict(line.split() for line in queue)
    return {
      job: "waiting" if states[job] in _WAITING else "running"
      for job in jobs
      if job in states
    }

  def cancel_command(self, jobs: Collection[str]) -> str:
    """Returns the command that stops jobs; runs save their state."""
    if self._name == "local":
      return f"kill {' '.join(sorted(jobs))}"
    return f"scancel {' '.join(sorted({job.split('_')[0] for job in jobs}))}"


def _environment() -> dict[str, str]:
  """Returns the variables of this process for those of the cells."""
  return {k: x for k, x in os.environ.items() if not k.startswith("SUBMITIT_")}


@contextlib.contextmanager
def _outlasting_the_terminal() -> Iterator[None]:
  """Lets processes started here ignore Ctrl-C and a closed terminal."""
  numbers = (signal.SIGINT, signal.SIGHUP)
  before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
  try:
    yield
  finally:
    for number, handler in zip(numbers, before, strict=True):
      signal.signal(number, handler)


def _lines(*command: str) -> list[str]:
  """Returns what a command prints."""
  result = subprocess.run(command, capture_output=True, text=True)
  if result.returncode:
    raise UserError(f"{command[0]} failed: {result.stderr.strip()}")
  return result.stdout.splitlines()
