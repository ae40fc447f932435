"""Jobs of commands that train many runs: flags, configs, who waits for them."""

import pathlib
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence

import ml_collections
from absl import flags, logging
from ml_collections import config_flags

from cascade_jax import config as config_lib
from cascade_jax.commands.arguments import (
  config_value,
  parsed,
  with_config_paths,
)
from cascade_jax.errors import UserError
from cascade_jax.runs import workdir
from cascade_jax.sweep import watch
from cascade_jax.sweep.cells import Cell
from cascade_jax.sweep.engine import NAMES as ENGINES
from cascade_jax.sweep.engine import Engine
from cascade_jax.sweep.status import Status
from cascade_jax.sweep.sweep import Sweep

FLAGS = flags.FLAGS
# The console script of this very Python, whatever is on the PATH.
_PROGRAM = (sys.executable, "-m", "cascade_jax.commands.console", "train")


def define_job_flags() -> None:
  """Registers what runs the jobs, and how many at a time."""
  flags.DEFINE_enum("executor", "local", ENGINES, "What runs the jobs.")
  flags.DEFINE_integer(
    "num_jobs", 1, "How many cells run at the same time.", lower_bound=1
  )
  flags.DEFINE_multi_string(
    "slurm", [], "KEY=VALUE of submitit's parameters for Slurm."
  )


def train_flags(
  config: str, settings: Mapping[str, object], cell: Cell
) -> list[str]:
  """Returns the flags of the command that trains a cell.

  Args:
    config: the file, or its name, and the variant.
    settings: values of its keys beside those of the cell.
    cell: of the sweep.
  """
  values = {**settings, **cell.settings, "seed": cell.seed}
  return [
    f"--config={config}",
    *(f"--config.{key}={value}" for key, value in values.items()),
    f"--workdir={cell.folder}",
  ]


def checked_config(
  cell: Cell, words: Sequence[str]
) -> ml_collections.ConfigDict:
  """Returns the config of a cell, checked as its run will check it.

  Args:
    cell: of the sweep.
    words: from `train_flags`.

  Raises:
    UserError: the run would refuse it, or it has several replicas.
  """
  values = flags.FlagValues()
  of_config = [word for word in words if word.startswith("--config")]
  words = ["sweep", *with_config_paths(of_config)]
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


def run(
  folder: pathlib.Path,
  cells: Sequence[Cell],
  num_steps: Sequence[int],
  flags_of: Callable[[Cell], list[str]],
) -> tuple[Sweep, dict[str, tuple[Cell, Status]]]:
  """Submits the cells that are left, and watches all until none is alive.

  Args:
    folder: of the sweep; it is made.
    cells: of it.
    num_steps: of the run of each.
    flags_of: returns the flags of the command that trains a cell.

  Returns:
    The sweep; and each cell and how far it is, by its name.

  Raises:
    UserError: the engine can't run here, or a file of the sweep is damaged.
    KeyboardInterrupt: of the user; its message says that the jobs go on.
  """
  parameters = dict(_parameter(text) for text in FLAGS.slurm)
  engine = Engine(FLAGS.executor, folder / "jobs", parameters)
  folder.mkdir(parents=True, exist_ok=True)
  sweep = Sweep(
    folder, cells, num_steps, lambda cell: (*_PROGRAM, *flags_of(cell)), engine
  )
  sweep.submit(FLAGS.num_jobs)
  try:
    return sweep, watch.watch(sweep.look)
  except KeyboardInterrupt as interrupt:
    raise KeyboardInterrupt(
      "the jobs go on; watch them with the same command, stop them with: "
      f"{sweep.cancel_command()}"
    ) from interrupt


def report_failures(
  rows: Mapping[str, tuple[Cell, Status]],
  flags_of: Callable[[Cell], list[str]],
) -> None:
  """Ends with an error that lists the cells that are not done, if any."""
  failed = [(cell, s) for cell, s in rows.values() if s.state != "done"]
  for cell, found in failed:
    command = shlex.join(["python", "-m", "experiments.train", *flags_of(cell)])
    logging.error(
      "%s: %s. %s\n  alone: %s", cell.name, found.state, found.error, command
    )
  if failed:
    raise UserError(
      f"{len(failed)} of {len(rows)} cells are not done; they are listed "
      "above. The same command runs them again"
    )


def _parameter(text: str) -> tuple[str, str | int]:
  key, _, value = text.partition("=")
  if not (key and value):
    raise UserError(f"--slurm={text} must be KEY=VALUE, such as time=720")
  return key, int(value) if value.isdigit() else value
