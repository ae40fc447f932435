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
import shlex
import sys
from typing import Any

import ml_collections
from absl import flags, logging
from ml_collections import config_flags

from cascade_jax import config as config_lib
from cascade_jax.commands.arguments import (
  config_value,
  parsed,
  refuse_words,
)
from cascade_jax.configs import NAMES
from cascade_jax.errors import UserError
from cascade_jax.runs import workdir
from cascade_jax.sweep import cells as cells_lib
from cascade_jax.sweep import watch
from cascade_jax.sweep.cells import Cell
from cascade_jax.sweep.engine import NAMES as ENGINES
from cascade_jax.sweep.engine import Engine
from cascade_jax.sweep.sweep import Sweep

FLAGS = flags.FLAGS
_RESERVED = ("seed", "num_replicas")
# The console script of this very Python, whatever is on the PATH.
_PROGRAM = (sys.executable, "-m", "cascade_jax.commands.console", "train")


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
  flags.DEFINE_enum("executor", "local", ENGINES, "What runs the jobs.")
  flags.DEFINE_integer(
    "num_jobs", 1, "How many cells run at the same time.", lower_bound=1
  )
  flags.DEFINE_multi_string(
    "slurm", [], "KEY=VALUE of submitit's parameters for Slurm."
  )
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
  num_steps = [_config(cell).num_steps for cell in cells]
  parameters = dict(_parameter(text) for text in FLAGS.slurm)
  engine = Engine(FLAGS.executor, folder / "jobs", parameters)
  folder.mkdir(parents=True, exist_ok=True)
  sweep = Sweep(
    folder, cells, num_steps, lambda cell: (*_PROGRAM, *_flags(cell)), engine
  )
  sweep.submit(FLAGS.num_jobs)
  try:
    rows = watch.watch(sweep.look)
  except KeyboardInterrupt as interrupt:
    raise KeyboardInterrupt(
      "the jobs go on; watch them with the same command, stop them with: "
      f"{sweep.cancel_command()}"
    ) from interrupt
  for path in sweep.write_results(rows, f"Sweep {folder.name}"):
    print(path)
  _report_failures(rows)


def _report_failures(rows: Any) -> None:
  """Ends with an error that lists the cells that are not done, if any."""
  failed = [(cell, s) for cell, s in rows.values() if s.state != "done"]
  for cell, found in failed:
    command = shlex.join(["python", "-m", "experiments.train", *_flags(cell)])
    logging.error(
      "%s: %s. %s\n  alone: %s", cell.name, found.state, found.error, command
    )
  if failed:
    raise UserError(
      f"{len(failed)} of {len(rows)} cells are not done; they are listed "
      "above. The same command runs them again"
    )


def _flags(cell: Cell) -> list[str]:
  """Returns the flags of the command that trains a cell."""
  overrides = config_flags.get_override_values(FLAGS["config"])
  values = {**overrides, **cell.settings, "seed": cell.seed}
  return [
    f"--config={_file(cell)}",
    *(f"--config.{key}={value}" for key, value in values.items()),
    f"--workdir={cell.folder}",
  ]


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


def _config(cell: Cell) -> ml_collections.ConfigDict:
  """Returns the config of a cell, checked as its run will check it."""
  named = {*cell.settings, *config_flags.get_override_values(FLAGS["config"])}
  if reserved := named & {*_RESERVED}:
    raise UserError(
      f"{reserved.pop()} can't be set in a sweep; --seeds names the seeds, and "
      "each has a run of its own"
    )
  values = flags.FlagValues()
  words = [word for word in _flags(cell) if word.startswith("--config")]
  words.insert(0, "sweep")
  config_flags.DEFINE_config_file(
    "config", None, flag_values=values, sys_argv=words
  )
  try:
    parsed(values, words)
    config = config_value(values["config"], workdir.holds_run(cell.folder))
    config_lib.check(config)
    if config.num_replicas > 1:
      raise UserError(
        f"config.num_replicas is {config.num_replicas}; it must be 1 in a "
        "sweep, where each seed has a run of its own"
      )
  except UserError as error:
    raise UserError(f"{cell.name}: {error}") from error
  return config


def _parameter(text: str) -> tuple[str, str | int]:
  key, _, value = text.partition("=")
  if not (key and value):
    raise UserError(f"--slurm={text} must be KEY=VALUE, such as time=720")
  return key, int(value) if value.isdigit() else value
