"""The data sets by the names that a configuration gives them."""

import pathlib
from typing import Unpack

import numpy as np

from cascade_jax.data import digits, dsprites, dsprites_files, dsprites_tfds
from cascade_jax.data.dataset import Dataset, from_arrays
from cascade_jax.errors import UserError

_ARRAYS = ("images", "factors", "factor_names", "class_factor", "class_names")
GIVEN = "given"  # the name of images that a Python program handed over
NAMES = ("dsprites", "dsprites_file", "dsprites_tfds", "digits", "arrays")


def load(
  name: str, path: str = "", **options: Unpack[dsprites.Options]
) -> Dataset:
  """Loads a data set by its name.

  | name | data set |
  |---|---|
  | `dsprites` | dSprites, rendered from its factors; no file is needed |
  | `dsprites_file` | the original, from the .npz or .hdf5 at `path` |
  | `dsprites_tfds` | the original, from TensorFlow Datasets at `path` |
  | `digits` | handwritten digits that come with scikit-learn; no file |
  | `arrays` | a user's own arrays, from the .npz at `path` |

  The arrays in a user's .npz have the names of the arguments of `from_arrays`:
  `images`, and optionally `factors`, `factor_names`, `class_factor` and
  `class_names`.

  Args:
    name: one of the names above.
    path: the file, if there is one; for TFDS its data_dir, or "" for the
      default.
    **options: the options of `dsprites.load`; ignored for `digits` and
      `arrays`.

  Raises:
    UserError: the name is unknown, there is no file at the path, or the file
      can't be read.
  """
  if name == "dsprites":
    return dsprites.load(**options)
  if name == "dsprites_file":
    return dsprites.load(**options, rows=dsprites_files.read(path))
  if name == "dsprites_tfds":
    return dsprites.load(**options, rows=dsprites_tfds.read(path or None))
  if name == "digits":
    return digits.load()
  if name == "arrays":
    return _load_arrays(pathlib.Path(path).expanduser())
  if name == GIVEN:
    raise UserError(
      "the images of this run were handed over by a Python program and are in "
      "no file; hand them over again, as `dataset`"
    )
  raise UserError(f"data.name is {name!r}; it must be one of {NAMES}")


def _load_arrays(path: pathlib.Path) -> Dataset:
  """Makes a data set of the arrays in an .npz file."""
  if not path.is_file():
    raise UserError(f"data.path is {str(path)!r}; there is no file")
  try:
    with np.load(path, allow_pickle=False) as file:
      arrays = {key: file[key] for key in _ARRAYS if key in file}
  except Exception as error:  # damage can raise any exception
    raise UserError(f"{path} is not a whole .npz: {error}") from error
  if "images" not in arrays:
    raise UserError(f"{path} has no array named images")
  # Names are arrays of strings; `tolist` turns an array without axes to a str.
  texts = {k: v.tolist() for k, v in arrays.items() if v.dtype.kind == "U"}
  return from_arrays(path.stem, **{**arrays, **texts})
