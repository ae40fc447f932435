"""Runs of the tiny run on some of this process's devices.

  python -m tests.helpers.on_devices FOLDER

writes a folder for each run, with its log and its last parameters. For a
process that XLA gives 8 devices of the host.
"""

import pathlib
import sys

import jax
import numpy as np

from cascade_jax import hosts
from cascade_jax.training import loop
from tests.helpers import tiny_run

BATCH = 8
# Settings of the runs by their names.
RUNS = {
  "one": {},
  "two": {"num_devices": 2},
  "four": {"num_devices": 4},
  "eight": {"num_devices": 8},
  "solved_on_device": {"num_devices": 4, "solver": "device"},
  "two_replicas": {"num_devices": 4, "num_replicas": 2},
  "streamed": {"num_devices": 4, "data.stream": True},
  "streamed_replicas": {
    "num_devices": 4,
    "num_replicas": 2,
    "data.stream": True,
  },
}


def main(folder: pathlib.Path) -> None:
  """Takes all runs, and one that goes on with another number of devices."""
  for name, settings in RUNS.items():
    train(folder / name, **settings)
  train(folder / "resumed", num_steps=2, num_devices=8)
  train(folder / "resumed", num_devices=2)


def train(folder: pathlib.Path, **settings: object) -> None:
  """Takes one run, of one phase with the code, and saves its parameters."""
  config = tiny_run.tiny_config()
  config.batch_size = BATCH
  config.num_steps, config.phase_steps = 4, 100
  config.discrete_start_phase = 0
  config.update_from_flattened_dict(settings)
  dataset = tiny_run.tiny_dataset(config.data.stream)
  state = loop.train(config, folder, dataset)
  if hosts.is_first():
    leaves = jax.tree.leaves(state.params)
    np.savez(folder / "params.npz", *leaves)


if __name__ == "__main__":
  assert len(jax.devices()) == BATCH
  main(pathlib.Path(sys.argv[1]))
