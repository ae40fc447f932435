"""Codes in a file: what `experiments.score` reads and evaluation writes."""

import pathlib
import zipfile

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.metrics.scored import Scored


def write(path: pathlib.Path, given: Scored) -> None:
  """Writes an .npz with an array for each field that there is."""
  arrays = {name: x for name, x in given._asdict().items() if x is not None}
  np.savez_compressed(path, **arrays)


def read(path: pathlib.Path) -> Scored:
  """The arrays of a file that was saved by `write` or numpy.savez.

  Raises:
    UserError: no such file, or with an unknown array, or without codes, or
      with arrays that don't go together; names the file.
  """
  # NumPy would take another file for a pickle, and tell how to load it.
  if path.is_file() and not zipfile.is_zipfile(path):
    raise UserError(f"{path} is not an .npz file, as numpy.savez writes it")
  try:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
      found = {name: arrays[name] for name in arrays.files}
  except (OSError, ValueError, zipfile.BadZipFile) as error:
    raise UserError(
      f"{path} can't be read as arrays saved by numpy.savez ({error})"
    ) from error
  if unknown := found.keys() - set(Scored._fields):
    raise UserError(
      f"{path} holds {', '.join(sorted(unknown))}; arrays are called "
      f"{', '.join(Scored._fields)}"
    )
  if not found.keys() & {"means", "categories"}:
    raise UserError(f"{path} holds no codes: neither means nor categories")
  given = Scored(**found)
  try:
    given.check()
    _check_not_one_hot(given.categories)
  except ValueError as error:
    raise UserError(f"{path}: {error}") from error
  return given


def _check_not_one_hot(categories: np.ndarray | None) -> None:
  # Of files only: a model's variables of two categories each can look so too.
  if categories is None or categories.ndim < 2 or categories.shape[1] < 2:
    return
  is_in = categories == 1
  if (is_in | (categories == 0)).all() and (is_in.sum(axis=1) == 1).all():
    raise UserError(
      f"categories {list(categories.shape)} are one-hot; give their indices, "
      "categories.argmax(axis=1)"
    )
