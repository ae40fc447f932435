"""What several runs' logs say of their latents, in one file of evidence."""

import os
import pathlib
from collections.abc import Mapping

from cascade_jax.errors import UserError
from cascade_jax.evaluation.information import Information
from cascade_jax.runs import json_file
from cascade_jax.runs.run_log import read_metrics

_OF_A_STEP = (
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
_OF_A_RUN = ("device", "python", "versions", "git_commit", "started")


def collect(folders: Mapping[str, str | os.PathLike]) -> dict:
  """The scored steps of runs, with the config and versions of each.

  Args:
    folders: of the runs (of one replica each), by the name of the run.

  Returns:
    By name: what a picture and its reader need; `records` is what
    `plots.information` draws.

  Raises:
    UserError: no run there, or none that logged what its latents know.
  """
  return {name: _read(name, pathlib.Path(f)) for name, f in folders.items()}


def _read(name: str, folder: pathlib.Path) -> dict:
  folder = folder.expanduser()
  if not (folder / "run.json").exists():
    raise UserError(
      f"{folder} ({name}) holds no run; of a run of several replicas name one "
      "of its folders seed_..."
    )
  logged = read_metrics(folder)
  records = [
    {key: record[key] for key in _OF_A_STEP if key in record}
    for record in logged
    if Information._fields[0] in record
  ]
  if logged and not any("kl" in record for record in logged):
    raise UserError(
      f"{folder} ({name}) has a deterministic encoder: without a posterior "
      "what its latents know isn't finite"
    )
  if not records:
    raise UserError(
      f"{folder} ({name}) didn't log what its latents know: train it with "
      "--config.evaluate_every=STEPS"
    )
  run = json_file.read(folder / "run.json")
  return {
    "config": json_file.read(folder / "config.json"),
    **{key: run[key] for key in _OF_A_RUN},
    "records": records,
  }
