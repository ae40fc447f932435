"""The files of a run, read for its report."""

import os
import pathlib
import shlex
from typing import Any, NamedTuple

import numpy as np

from cascade_jax import methods
from cascade_jax.array_files import npz
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluation_file
from cascade_jax.report.html_parts import TIMES
from cascade_jax.runs import dataset_record, json_file, reach
from cascade_jax.runs.workdir import CONFIG, RUN

EXPLORER = "explore.html"  # beside the report, which links to it

_ARRAYS = (
  "traversals",
  "traversal_values",
  "traversal_categories",
  "originals",
  "reconstructions",
  "reconstruction_categories",
)


class Run(NamedTuple):
  """The contents of a run's files; fields of missing files are empty."""

  folder: pathlib.Path
  config: dict
  provenance: dict  # run.json
  log_entries: list[dict]  # metrics.jsonl
  evaluation: dict  # evaluation.json
  arrays: dict[str, np.ndarray]  # evaluation.npz
  dataset_record: dict  # dataset.json

  @property
  def evaluate_command(self) -> str:
    """The command that creates evaluation.json and evaluation.npz."""
    return _command("evaluate", self.folder)

  @property
  def last_step(self) -> int:
    """The last step that was logged or scored."""
    logged = self.log_entries[-1]["step"] if self.log_entries else 0
    return max(logged, self.evaluation.get("step", 0))

  @property
  def method(self) -> str:
    """The name of the method in the config."""
    return str(self.setting("method"))

  @property
  def about(self) -> methods.About | None:
    """The origin of the method; None for a user's own."""
    return methods.about(self.config)

  @property
  def dataset(self) -> str:
    """The name of the data set that was scored, or else trained on."""
    return str(self.evaluation.get("dataset") or self.setting("name"))

  @property
  def traversals(
    self,
  ) -> tuple[np.ndarray, np.ndarray, list[float] | None, np.ndarray]:
    """The arguments of `plots.traversal_grid` and `plots.traversal_gif`."""
    names = ("traversals", "traversal_values", "traversal_categories")
    frames, values, categories = (self.arrays[name] for name in names)
    return frames, values, self.evaluation.get("kl"), categories

  @property
  def image_size(self) -> str:
    """The height and width of the images as text; empty if unknown."""
    if self.arrays:
      height, width = self.arrays["originals"].shape[1:3]
      return f"{height}{TIMES}{width}"
    size = self.setting("image_size")
    return f"{size}{TIMES}{size}" if size else ""

  @property
  def has_several_variables(self) -> bool:
    """Whether the code has more than one discrete variable."""
    sizes = self.setting("num_categories")
    return isinstance(sizes, list) and len(sizes) > 1

  def setting(self, name: str) -> Any:
    """Returns a value of the config or of one of its groups, else None."""
    for group in (self.config, *self.config.values()):
      if isinstance(group, dict) and name in group:
        return group[name]
    return None


def read_run(workdir: str | os.PathLike) -> Run:
  """Returns the contents of a run's folder.

  Raises:
    UserError: there is no run, nothing to report yet, or a file that can't be
      read; the message names the command that helps.
  """
  folder = pathlib.Path(workdir).expanduser().resolve()
  train, evaluate = _command("train", folder), _command("evaluate", folder)
  config = _read_json(folder / "config.json", CONFIG)
  if not config:
    raise UserError(
      f"{folder} holds no run (no config.json); train one with {train}"
    )
  run = Run(
    folder=folder,
    config=config,
    provenance=_read_json(folder / "run.json", RUN),
    log_entries=reach.read_log(folder),
    evaluation=evaluation_file.read(folder),
    arrays=_read_arrays(folder / "evaluation.npz", evaluate),
    dataset_record=_read_json(folder / "dataset.json", dataset_record.DATASET),
  )
  if not run.log_entries and not run.evaluation:
    raise UserError(
      f"{folder} has nothing to report yet: metrics.jsonl and "
      f"evaluation.json are missing or empty; train with {train}, or score a "
      f"checkpoint with {evaluate}"
    )
  return run


def _command(module: str, folder: pathlib.Path) -> str:
  """Returns the command line of an experiment on the folder."""
  config = " --config=FILE" if module == "train" else ""
  workdir = shlex.quote(str(folder))
  return f"python -m experiments.{module}{config} --workdir={workdir}"


def _read_json(path: pathlib.Path, kind: json_file.Kind) -> dict:
  """Returns the object in a JSON file, an empty one if there is no file."""
  return json_file.read(path, kind) if path.exists() else {}


def _read_arrays(path: pathlib.Path, command: str) -> dict[str, np.ndarray]:
  """Returns the arrays of evaluation.npz, none if there is no file."""
  if not path.exists():
    return {}
  try:
    arrays = npz.read(path, _ARRAYS)
    if missing := [name for name in _ARRAYS if name not in arrays]:
      raise UserError(f"{path}: it has no array named {missing[0]!r}")
  except UserError as error:
    raise UserError(f"{error}; create it again with {command}") from error
  return arrays
