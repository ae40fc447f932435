"""The information of the latents that several runs logged, in one record."""

import os
import pathlib
from collections.abc import Mapping

from cascade_jax.errors import UserError
from cascade_jax.evaluation.information import Information
from cascade_jax.runs import json_file, reach, workdir

_LOG_FIELDS = (
  "step",
  "phase",
  "open_dimensions",
  "discrete",
  "kl_weights",
  "reconstruction",
  "disentanglement_score",
  "scored_images",
  "total_correlation",  # of methods that estimate it themselves
  *Information._fields,
)
KIND = json_file.Kind("information")
_RUN_FIELDS = ("device", "python", "versions", "git_commit", "started")


def collect(folders: Mapping[str, str | os.PathLike]) -> dict:
  """Returns the logged information of runs, with their config and provenance.

  Args:
    folders: the folder of each run (of one replica), by the name of the run.

  Returns:
    By the name of the run, what a plot and its reader need; its `records` are
    the log entries that `plots.information` draws.

  Raises:
    UserError: a folder holds no run, or its run did not log the information of
      its latents.
  """
  return {
    name: _collect_run(name, pathlib.Path(f)) for name, f in folders.items()
  }


def _collect_run(name: str, folder: pathlib.Path) -> dict:
  """Returns config, provenance and log entries of one run; see `collect`."""
  folder = folder.expanduser()
  if not (folder / "run.json").exists():
    raise UserError(
      f"{folder} ({name}) holds no run; for a run of several replicas name one "
      "of its folders seed_..."
    )
  log_entries = reach.read_log(folder)
  with_information = [
    {key: entry[key] for key in _LOG_FIELDS if key in entry}
    for entry in log_entries
    if Information._fields[0] in entry
  ]
  if log_entries and not any("kl" in entry for entry in log_entries):
    raise UserError(
      f"{folder} ({name}) has a deterministic encoder: without a posterior the "
      "information of its latents is infinite"
    )
  if not with_information:
    raise UserError(
      f"{folder} ({name}) did not log the information of its latents: train it "
      "with --config.evaluate_every=STEPS"
    )
  run = json_file.read(folder / "run.json", workdir.RUN)
  return {
    "config": json_file.read(folder / "config.json", workdir.CONFIG),
    **{key: run[key] for key in _RUN_FIELDS},
    "records": with_information,
  }
