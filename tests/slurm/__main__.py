"""A sweep on a real Slurm, with one of everything that goes wrong.

  python -m tests.slurm [--folder=/tmp/slurm]

Twelve cells on two nodes: one diverges, one is put back into the queue in the
middle, and one loses its node. Before them, srun starts one run on both nodes.
Needs what `cluster.py` names, and some minutes.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
from absl import app, flags, logging

from cascade_jax.runs import log_file
from cascade_jax.sweep import record
from cascade_jax.sweep.cells import Cell, cells
from cascade_jax.sweep.engine import Engine
from cascade_jax.sweep.sweep import Sweep
from tests.slurm.cluster import NODES, Cluster, slurm, wait_until

_FOLDER = flags.DEFINE_string("folder", "/tmp/slurm", "For all files.")
_STEPS, _DIVERGES = 150, 5
_MINUTES = 60
_TRAIN = (
  *(sys.executable, "-m", "cascade_jax.commands.console", "train"),
  "--config=smoke",
)


def main(_: list[str]) -> None:
  """Runs the sweep, disturbs it, and checks how it ended."""
  folder = pathlib.Path(_FOLDER.value).resolve()
  shutil.rmtree(folder, ignore_errors=True)
  cluster = Cluster(folder / "slurm")
  try:
    cluster.start()
    _check_run_on_both_nodes(folder)
    sweep, made = _submitted(folder / "sweep")
    queued = _put_back(sweep, made)
    lost = _lose_a_node(cluster, sweep, made)
    wait_until(lambda: not _alive(sweep), 60 * _MINUTES)
    _check(sweep, made, {queued, *lost})
  finally:
    cluster.stop()


def _check_run_on_both_nodes(folder: pathlib.Path) -> None:
  """Compares a run of a process on each node with that of one process."""
  words = (*_TRAIN, "--config.num_devices=2")
  srun = ("srun", "--nodes=2", "--ntasks-per-node=1")
  flags = "--xla_force_host_platform_device_count="
  logs = []
  for name, command, devices in (
    ("together", (*srun, *words, "--coordinator=auto"), 1),
    ("alone", words, 2),
  ):
    subprocess.run(
      [*command, f"--workdir={folder / name}"],
      env={**os.environ, "XLA_FLAGS": f"{flags}{devices}"},
      check=True,
      capture_output=True,
    )
    logs.append(log_file.read(folder / name))
  for entry, other in zip(*logs, strict=True):
    assert entry["counts"] == other["counts"], entry
    np.testing.assert_allclose(entry["loss"], other["loss"], rtol=1e-4)
  print("a run of a process on each node: the codes of one process")


def _submitted(folder: pathlib.Path) -> tuple[Sweep, list[Cell]]:
  made = cells(folder, [""], {}, range(12))
  folder.mkdir(parents=True)
  engine = Engine("slurm", folder / "jobs", {"cpus_per_task": 1, "time": 60})
  sweep = Sweep(folder, made, [_STEPS] * len(made), _command, engine)
  sweep.submit(num_jobs=3)
  logging.info("submitted; the queue:\n%s", slurm("squeue", "--array"))
  return sweep, made


def _command(cell: Cell) -> list[str]:
  """Returns the training command of a cell."""
  rate = 1e30 if cell.seed == _DIVERGES else 7e-4
  return [
    *_TRAIN,
    f"--config.seed={cell.seed}",
    f"--config.num_steps={_STEPS}",
    "--config.phase_steps=50",
    f"--config.learning_rate={rate}",
    f"--workdir={cell.folder}",
  ]


def _put_back(sweep: Sweep, made: list[Cell]) -> int:
  """Sends a cell in the middle what Slurm sends before its time is over."""
  cell = _in_the_middle(sweep, made)
  found = record.read(cell.folder)
  assert found is not None
  logging.info("%s: signalled, as before the end of its time", cell.name)
  slurm("scancel", "--signal=USR2", found.job)
  wait_until(lambda: _state(cell) == record.STOPPED, 600)
  return cell.seed


def _lose_a_node(cluster: Cluster, sweep: Sweep, made: list[Cell]) -> set[int]:
  """Kills the node of a cell in the middle, and starts it again later.

  Returns the seeds of all cells that ran there.
  """
  cell = _in_the_middle(sweep, made)
  nodes = {each.seed: _node(each) for each in made}
  node = nodes[cell.seed]
  assert node in NODES, node
  lost = {seed for seed, other in nodes.items() if other == node}
  logging.info("%s: its node %s is killed, with %s", cell.name, node, lost)
  cluster.kill_node(node)
  wait_until(
    lambda: slurm("sinfo", "-h", "-n", node, "-o", "%t").startswith("down"), 300
  )
  cluster.start_node(node)
  return lost


def _node(cell: Cell) -> str:
  """Returns the node on which a cell runs; "" if it doesn't."""
  if _state(cell) != record.RUNNING:
    return ""
  found = record.read(cell.folder)
  assert found is not None
  return slurm("squeue", "-h", "-j", found.job, "-o", "%N")


def _in_the_middle(sweep: Sweep, made: list[Cell]) -> Cell:
  """Waits for a cell that is between its first checkpoint and its end."""
  found: list[Cell] = []

  def is_there() -> bool:
    rows = sweep.look()
    found[:] = [
      cell
      for cell in made
      if rows[cell.name][1].state == "running"
      and 20 < rows[cell.name][1].step < _STEPS - 50
      and _attempts(cell) == 1
    ]
    return bool(found)

  wait_until(is_there, 900)
  return found[0]


def _state(cell: Cell) -> str:
  found = record.read(cell.folder)
  return found.state if found else ""


def _attempts(cell: Cell) -> int:
  found = record.read(cell.folder)
  return found.attempts if found else 0


def _alive(sweep: Sweep) -> bool:
  states = [status.state for _, status in sweep.look().values()]
  return bool({"waiting", "running"} & set(states))


def _check(sweep: Sweep, made: list[Cell], disturbed: set[int]) -> None:
  """Checks that all cells ended, none twice and none lost."""
  rows = sweep.look()
  states = collections.Counter(status.state for _, status in rows.values())
  logging.info("states: %s, disturbed: seeds %s", dict(states), disturbed)
  assert states == {"done": 11, "failed": 1}, states
  assert "diverged" in rows[made[_DIVERGES].name][1].error
  for cell in made:
    attempts = _attempts(cell)
    assert (attempts > 1) == (cell.seed in disturbed), (cell.name, attempts)
    if cell.seed == _DIVERGES:
      continue
    steps = [entry["step"] for entry in log_file.read(cell.folder)]
    assert steps == list(range(2, _STEPS + 1, 2)), cell.name
  for seed in disturbed:
    _check_undisturbed(made[seed])
  print("12 cells: 11 done, 1 diverged; none twice, none lost")


def _check_undisturbed(cell: Cell) -> None:
  """Compares a cell with the same run by itself."""
  alone = cell._replace(folder=cell.folder.with_name(f"alone_{cell.seed}"))
  subprocess.run(_command(alone), check=True, capture_output=True)
  digests = [
    json.loads(path.read_text())
    for folder in (cell.folder, alone.folder)
    for path in (folder / f"checkpoints/{_STEPS}").rglob("digests/*")
    if path.name == "metadata"
  ]
  assert len(digests) == 2 and digests[0] == digests[1], cell.name


if __name__ == "__main__":
  app.run(main)
