"""Files of codes, which evaluation writes and `experiments.score` reads."""

import pathlib

import numpy as np

from cascade_jax import atomic
from cascade_jax.array_files import npz
from cascade_jax.array_files.damage import prefixed
from cascade_jax.errors import UserError
from cascade_jax.metrics.inputs import MetricInputs


def write(path: pathlib.Path, inputs: MetricInputs) -> None:
  """Writes an .npz file with one array for each field that is not None.

  Raises:
    UserError: as for `atomic.naming`.
  """
  arrays = {name: x for name, x in inputs._asdict().items() if x is not None}
  atomic.write_by(path, lambda file: np.savez_compressed(file, **arrays))


def read(path: pathlib.Path) -> MetricInputs:
  """Returns the arrays of a file that `write` or numpy.savez wrote.

  Raises:
    UserError: the file does not exist, is no .npz file or is damaged, has an
      array with an unknown name or one too large for the memory, has no codes,
      or has malformed arrays; the message names the file.
  """
  arrays = npz.read(path, MetricInputs._fields)
  if not arrays.keys() & {"means", "categories"}:
    raise UserError(f"{path} holds no codes: neither means nor categories")
  inputs = MetricInputs(**arrays)
  with prefixed(path):
    inputs.check()
    _check_not_one_hot(inputs.categories)
  return inputs


def _check_not_one_hot(categories: np.ndarray | None) -> None:
  """Raises UserError if the rows of categories are one-hot.

  Only files are checked: several variables of two categories each, as a model
  may have, can look the same.
  """
  if categories is None or categories.ndim < 2 or categories.shape[1] < 2:
    return
  is_one = categories == 1
  if (is_one | (categories == 0)).all() and (is_one.sum(axis=1) == 1).all():
    raise UserError(
      f"categories {list(categories.shape)} are one-hot; give their indices, "
      "categories.argmax(axis=1)"
    )
