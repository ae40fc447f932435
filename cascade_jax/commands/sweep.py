r"""Trains, scores and compares many runs, as jobs of this machine or of Slurm.

  python -m experiments.sweep --config=upright --methods=cascade_vae,beta_vae \
    --seeds=0-9 --workdir=runs/sweep [--grid=beta_low=0.1,0.2] [--num_jobs=2]
  python -m experiments.sweep --config=dsprites --seeds=0-4 \
    --workdir=/shared/sweep --executor=slurm \
    --slurm=partition=gpu --slurm=gpus_per_node=1 --slurm=time=720

There is a cell for each method, each combination of the grid and each seed; its
run is that of `experiments.train`. The same command again runs what is not done
yet, and what failed; runs go on where they stopped. Ctrl-C leaves the jobs
running. At the end the workdir holds results.jsonl, a line for each run, and
sweep.html. Other --config.KEY flags hold for all cells.
"""

import pathlib

from absl import flags
from ml_collections import config_flags

from cascade_jax.commands import jobs
from cascade_jax.commands.arguments import refuse_words
from cascade_jax.configs import NAMES
from cascade_jax.errors import UserError
from cascade_jax.sweep import cells as cells_lib
from cascade_jax.sweep.cells import Cell

FLAGS = flags.FLAGS
_RESERVED = ("seed", "num_replicas")


def define_flags() -> None:
  """Registers the config, the grid, the engine and the folder."""
  config_flags.DEFINE_config_file(
    "config",
    None,
    f"Config file, or one of {', '.join(NAMES)}, without a variant if "
    "--methods names them.",
  )
  flags.DEFINE_list(
    "methods", [], "Variants of the config file; the default one by default."
  )
  flags.DEFINE_list("seeds", ["0"], "Seeds and ranges, such as 0-9.")
  flags.DEFINE_multi_string(
    "grid", [], "KEY=VALUE,VALUE of a key of the config; may be repeated."
  )
  jobs.define_job_flags()
  flags.DEFINE_string("workdir", None, "Folder of the sweep.", required=True)
  flags.mark_flag_as_required("config")


def main(arguments: list[str]) -> None:
  """Submits what is left to do, watches it, and writes what was found."""
  refuse_words(arguments)
  folder = pathlib.Path(FLAGS.workdir).expanduser().resolve()
  cells = cells_lib.cells(
    folder,
    FLAGS.methods or [""],
    cells_lib.parse_grid(FLAGS.grid),
    cells_lib.parse_seeds(FLAGS.seeds),
  )
  num_steps = [
    jobs.checked_config(cell, _flags(cell)).num_steps for cell in cells
  ]
  sweep, rows = jobs.run(folder, cells, num_steps, _flags)
  for path in sweep.write_results(rows, f"Sweep {folder.name}"):
    print(path)
  jobs.report_failures(rows, _flags)


def _flags(cell: Cell) -> list[str]:
  """Returns the flags of the command that trains a cell."""
  overrides = config_flags.get_override_values(FLAGS["config"])
  if reserved := {*cell.settings, *overrides} & {*_RESERVED}:
    raise UserError(
      f"{cell.name}: {reserved.pop()} can't be set in a sweep; --seeds names "
      "the seeds, and each has a run of its own"
    )
  return jobs.train_flags(_file(cell), overrides, cell)


def _file(cell: Cell) -> str:
  name = config_flags.get_config_filename(FLAGS["config"])
  if not cell.method:
    return name
  if ":" in name:
    raise UserError(
      f"--config={name} names a variant, and so does --methods; name them in "
      "one of the two"
    )
  return f"{name}:{cell.method}"
