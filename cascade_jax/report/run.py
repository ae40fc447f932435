"""What a run's folder holds, read for its report."""

import os
import pathlib
import shlex
import zipfile
import zlib
from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.report.html_parts import TIMES
from cascade_jax.runs import json_file
from cascade_jax.runs.run_log import read_metrics

_ARRAYS = (
  "traversals",
  "traversal_values",
  "traversal_categories",
  "originals",
  "reconstructions",
  "reconstruction_categories",
)


class Run(NamedTuple):
  """The content of a run's files; what isn't there is empty."""

  folder: pathlib.Path
  config: dict
  provenance: dict  # run.json
  records: list[dict]  # metrics.jsonl
  evaluation: dict
  arrays: dict[str, np.ndarray]  # evaluation.npz

  @property
  def evaluate_command(self) -> str:
    """What makes evaluation.json and evaluation.npz."""
    return _command("evaluate", self.folder)

  @property
  def last_step(self) -> int:
    """The last step that anything is known of."""
    logged = self.records[-1]["step"] if self.records else 0
    return max(logged, self.evaluation.get("step", 0))

  @property
  def traversals(self) -> tuple:
    """What the pictures of traversals take, in their order."""
    names = ("traversals", "traversal_values", "traversal_categories")
    frames, values, categories = (self.arrays[name] for name in names)
    return frames, values, self.evaluation.get("kl"), categories

  @property
  def size(self) -> str:
    """Height and width of the images, as text; empty where unknown."""
    if self.arrays:
      height, width = self.arrays["originals"].shape[1:3]
      return f"{height}{TIMES}{width}"
    size = self.setting("image_size")
    return f"{size}{TIMES}{size}" if size else ""

  def setting(self, name: str):
    """A value of the config or of one of its groups, None without."""
    for group in (self.config, *self.config.values()):
      if isinstance(group, dict) and name in group:
        return group[name]
    return None


def read_run(workdir: str | os.PathLike) -> Run:
  """Reads a run's folder.

  Raises:
    UserError: there is no run, nothing to report yet, or a file that can't be
      read; says which command helps.
  """
  folder = pathlib.Path(workdir).expanduser().resolve()
  train, evaluate = _command("train", folder), _command("evaluate", folder)
  config = _read_json(folder / "config.json", train)
  if not config:
    raise UserError(
      f"{folder} holds no run (no config.json); train one with {train}"
    )
  run = Run(
    folder=folder,
    config=config,
    provenance=_read_json(folder / "run.json", train),
    records=read_metrics(folder),
    evaluation=_read_json(folder / "evaluation.json", evaluate),
    arrays=_read_arrays(folder / "evaluation.npz", evaluate),
  )
  if not run.records and not run.evaluation:
    raise UserError(
      f"{folder} has nothing to report yet: metrics.jsonl and "
      f"evaluation.json are missing or empty; train with {train}, or score a "
      f"checkpoint with {evaluate}"
    )
  return run


def _command(module: str, folder: pathlib.Path) -> str:
  config = " --config=FILE" if module == "train" else ""
  where = shlex.quote(str(folder))
  return f"python -m experiments.{module}{config} --workdir={where}"


def _read_json(path: pathlib.Path, command: str) -> dict:
  """The object in a JSON file, an empty one where there is no file."""
  if not path.exists():
    return {}
  try:
    return json_file.read(path)
  except ValueError as error:
    raise UserError(
      f"{error}; remove it and make it again with {command}"
    ) from error


def _read_arrays(path: pathlib.Path, command: str) -> dict[str, np.ndarray]:
  """The arrays of evaluation.npz, none where there is no file."""
  if not path.exists():
    return {}
  try:
    with (  # np.load leaves a file open that it can't read
      path.open("rb") as file,
      np.load(file, allow_pickle=False) as arrays,
    ):
      return {name: arrays[name] for name in _ARRAYS}
  except (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    TypeError,  # a single array has no names
    zipfile.BadZipFile,
    zlib.error,
  ) as error:
    raise UserError(
      f"{path} can't be read ({error}); make it again with {command}"
    ) from error
