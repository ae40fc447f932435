"""The kinds of files in a run's folder, and what reads each of them."""

import pathlib
from collections.abc import Callable
from typing import NamedTuple

import cascade_jax
from cascade_jax.data import arrays_file
from cascade_jax.evaluation import summary
from cascade_jax.metrics import codes_file
from cascade_jax.report import page
from cascade_jax.report.run import read_run
from tests.faults import run
from tests.faults import scene as scenes


class Kind(NamedTuple):
  """A kind of file.

  Attributes:
    name: for the table.
    pattern: of the paths in the folder.
    tasks: those that read it.
    weight: how many of 100 flipped bits it gets.
  """

  name: str
  pattern: str
  tasks: tuple[scenes.Task, ...]
  weight: int


def _reads(function: Callable) -> scenes.Task:
  """Returns the task of reading a finished run with a function."""

  def read(folder):
    return run.frozen(function(folder))

  return scenes.Task(read, "complete", read, "complete")


def _run(folder):
  return read_run(folder)._replace(folder=None)


def _data(folder):
  return arrays_file.load(folder / run.IMAGES)


REPORT = _reads(_run)
_SUMMARY = _reads(lambda folder: summary.summarise([folder]))
_MODEL_OF_RUN = _reads(lambda folder: cascade_jax.load(folder).contents)
_MODEL = _reads(lambda folder: cascade_jax.load(folder / run.MODEL).contents)
_TABLE = _reads(lambda folder: summary.summarise([folder / run.SUMMARY]))
_CODES = _reads(lambda folder: codes_file.read(folder / "codes.npz"))
_DATA = _reads(_data)
_RESUMING = scenes.RESUMING

KINDS = (
  Kind("config.json", "config.json", (_RESUMING, REPORT, _SUMMARY), 8),
  Kind("run.json", "run.json", (_RESUMING, REPORT, _SUMMARY), 8),
  Kind("dataset.json", "dataset.json", (_RESUMING, REPORT, _MODEL_OF_RUN), 8),
  Kind("metrics.jsonl", "metrics.jsonl", (_RESUMING, REPORT), 10),
  Kind("evaluation.json", "evaluation.json", (REPORT, _SUMMARY), 8),
  Kind("evaluation.npz", "evaluation.npz", (REPORT,), 8),
  Kind("codes.npz", "codes.npz", (_CODES,), 8),
  Kind("summary.json", run.SUMMARY, (_TABLE,), 6),
  Kind("model.safetensors", run.MODEL, (_MODEL,), 6),
  Kind("images.npz (data)", run.IMAGES, (_DATA,), 6),
  Kind("checkpoint: arrays", "checkpoints/*/state/**/d/*", (_RESUMING,), 8),
  Kind("checkpoint: state", "checkpoints/*/state/**/[_mc]*", (_RESUMING,), 5),
  Kind("checkpoint: digests", "checkpoints/*/digests/*", (_RESUMING,), 4),
  Kind("checkpoint: Orbax's", "checkpoints/*/[_c]*", (_RESUMING,), 3),
)


def files(folder: pathlib.Path, kind: Kind) -> list[pathlib.Path]:
  """Returns the files of a kind."""
  return sorted(path for path in folder.glob(kind.pattern) if path.is_file())


def page_names(folder: pathlib.Path, name: str) -> bool:
  """Returns whether the page of a run without a file says that it lacks it."""
  return name in page.page(read_run(folder))
