"""One of the processes of runs that several processes make together.

  python -m tests.helpers.on_hosts FOLDER JOB [PORT PROCESS_ID]

For processes to which XLA gives devices of the host. JOB is a name of `JOBS`.
"""

import os
import pathlib
import signal
import sys
from unittest import mock

import jax
import numpy as np

from cascade_jax import hosts
from cascade_jax.data import StreamedDataset
from cascade_jax.errors import UserError
from cascade_jax.training.stepper import Stepper
from tests.helpers.on_devices import train

PROCESSES = 2
KILLED_AT = 3  # a step after the checkpoint of step 2


def alone(folder: pathlib.Path) -> None:
  """Makes the run to compare with, in one process, and goes on with another."""
  train(folder / "alone", num_devices=4)
  train(folder / "killed", num_devices=4, checkpoint_every=2)


def together(folder: pathlib.Path) -> None:
  """Makes the same runs in both processes."""
  train(folder / "together", num_devices=4)
  train(folder / "replicas", num_devices=2, num_replicas=2)
  streamed(folder)


def streamed(folder: pathlib.Path) -> None:
  """Makes the run of streamed images, and notes how many a process reads."""
  read, own_images = [], StreamedDataset.own_images

  def noted(self, batches):
    rows = own_images(self, batches)
    read.append(rows.size / rows.shape[-1] / batches.size)
    return rows

  with mock.patch.object(StreamedDataset, "own_images", noted):
    train(folder / "streamed", num_devices=4, **{"data.stream": True})
  np.save(folder / f"shares_{jax.process_index()}.npy", read)


def killed(folder: pathlib.Path) -> None:
  """Kills the second process in the middle of a run."""
  if not hosts.is_first():
    take = Stepper.take

    def take_or_die(self, groups, first, *others):
      if first == KILLED_AT:
        os.kill(os.getpid(), signal.SIGKILL)
      return take(self, groups, first, *others)

    Stepper.take = take_or_die
  train(folder / "killed", num_devices=4, checkpoint_every=2)


def differing(folder: pathlib.Path) -> None:
  """Gives the two processes different settings."""
  train(folder / "differing", num_devices=4, seed=hosts.is_first() + 5)


JOBS = {job.__name__: job for job in (alone, together, killed, differing)}


def main(folder: str, job: str, port: str = "", process_id: str = "0") -> None:
  """Does a job as one of the processes; alone without a port."""
  if port:
    hosts.connect(f"127.0.0.1:{port}", PROCESSES, int(process_id))
  try:
    JOBS[job](pathlib.Path(folder))
  except UserError as error:  # as the commands do
    sys.exit(f"UserError: {error}")
  hosts.leave()


if __name__ == "__main__":
  main(*sys.argv[1:])
