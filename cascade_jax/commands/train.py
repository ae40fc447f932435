r"""Trains, scores and reports one run.

  python -m experiments.train --config=compact:dependable \
    --workdir=runs/compact [--config.seed=3] [--config.num_replicas=10]

The same command again goes on where the run stopped. At the end the workdir
holds evaluation.json and report.html. With several replicas, each seed has such
a folder inside the workdir, and the workdir holds summary.json.
"""

import pathlib

import ml_collections
from absl import flags
from ml_collections import config_flags

from cascade_jax import hosts
from cascade_jax.commands import evaluate
from cascade_jax.commands.arguments import config_value, refuse_words
from cascade_jax.configs import NAMES
from cascade_jax.errors import UserError
from cascade_jax.runs import workdir
from cascade_jax.runs.checkpoints import saved_steps
from cascade_jax.training import loop, replicas

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the config, and the flags of `evaluate`."""
  evaluate.define_flags()
  config_flags.DEFINE_config_file(
    "config",
    None,
    f"Config file, or the name of one of this package: {', '.join(NAMES)}. A "
    "variant follows a colon, as in upright:factor_vae.",
  )
  flags.mark_flag_as_required("config")
  flags.DEFINE_string(
    "coordinator",
    None,
    "For one run on several machines: HOST:PORT of the first process, or auto "
    "under Slurm and on TPU pods. See docs/clusters.md.",
  )
  flags.DEFINE_integer(
    "num_processes", None, "With --coordinator=HOST:PORT: how many.", 1
  )
  flags.DEFINE_integer(
    "process_id", None, "With --coordinator=HOST:PORT: which one, from 0.", 0
  )


def main(arguments: list[str]) -> None:
  """Trains, then evaluates."""
  refuse_words(arguments)
  _connect()
  config = config_value(FLAGS["config"], workdir.holds_run(FLAGS.workdir))
  if FLAGS.rebuild_log and hosts.is_first():
    replicas.rebuild_logs(pathlib.Path(FLAGS.workdir).expanduser(), config)
  if FLAGS.num_images is not None:  # so that it is checked before the training
    config.evaluation_images = FLAGS.num_images
  try:
    loop.train(config, FLAGS.workdir)
    hosts.leave()
    if hosts.is_first():
      evaluate.main(arguments)
  except KeyboardInterrupt as interrupt:
    raise KeyboardInterrupt(_kept(config)) from interrupt


def _connect() -> None:
  """Joins the other processes of the run, if there are any.

  Raises:
    UserError: flags of several processes are missing, or don't go together.
  """
  numbers = FLAGS.num_processes, FLAGS.process_id
  if FLAGS.coordinator is None:
    if numbers != (None, None):
      raise UserError(
        "--num_processes and --process_id need --coordinator=HOST:PORT, the "
        "address of process 0"
      )
    return
  if FLAGS.coordinator != hosts.AUTO and None in numbers:
    raise UserError(
      f"--coordinator={FLAGS.coordinator} needs --num_processes and "
      "--process_id; only --coordinator=auto finds them by itself"
    )
  hosts.connect(FLAGS.coordinator, *numbers)


def _kept(config: ml_collections.ConfigDict) -> str:
  """Says from which step an interrupted run will go on."""
  folder = pathlib.Path(FLAGS.workdir).expanduser()
  step = min(
    max(saved_steps(replica / "checkpoints"), default=0)
    for replica in replicas.folders(folder, config)
  )
  if not step:
    return "no step is saved yet; run the command again"
  return (
    f"step {step} of {config.num_steps} is saved in {folder}; run the same "
    "command to go on from there"
  )
