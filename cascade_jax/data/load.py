"""A data set by its name, as configs give it."""

import pathlib

import numpy as np

from cascade_jax.data import dsprites, dsprites_files, dsprites_tfds
from cascade_jax.data.dataset import Dataset, from_arrays
from cascade_jax.errors import UserError

_ARRAYS = ("images", "factors", "factor_names", "class_factor", "class_names")
NAMES = ("dsprites", "dsprites_file", "dsprites_tfds", "arrays")


def load(name: str, path: str = "", **options) -> Dataset:
  """Loads a data set.

  | name | is |
  |---|---|
  | `dsprites` | dSprites, rendered from its factors; no file is needed |
  | `dsprites_file` | the original, from the .npz or .hdf5 at `path` |
  | `dsprites_tfds` | the original, through TensorFlow Datasets at `path` |
  | `arrays` | your own, from the .npz at `path` (see below) |

  Arrays of your own have the names of the arguments of `from_arrays`: `images`,
  and where you know them `factors`, `factor_names`, `class_factor` and
  `class_names`.

  Args:
    name: one of the above.
    path: of the file, where there is one; for TFDS its data_dir, or "".
    **options: of `dsprites.load`; your own arrays are taken as they are.

  Raises:
    UserError: another name, or a file that isn't what it should be.
    UserError: no file there.
  """
  if name == "dsprites":
    return dsprites.load(**options)
  if name == "dsprites_file":
    return dsprites.load(**options, rows=dsprites_files.read(path))
  if name == "dsprites_tfds":
    return dsprites.load(**options, rows=dsprites_tfds.read(path or None))
  if name == "arrays":
    return _load_arrays(pathlib.Path(path).expanduser())
  raise UserError(f"data.name is {name!r}; it must be one of {NAMES}")


def _load_arrays(path: pathlib.Path) -> Dataset:
  if not path.is_file():
    raise UserError(f"data.path is {str(path)!r}; there is no file")
  try:
    with np.load(path, allow_pickle=False) as file:
      arrays = {key: file[key] for key in _ARRAYS if key in file}
  except Exception as error:  # whatever damage makes zip or numpy raise
    raise UserError(f"{path} is not a whole .npz: {error}") from error
  if "images" not in arrays:
    raise UserError(f"{path} has no array named images")
  # Names come as arrays of strings, and one name as an array without axes.
  texts = {k: v.tolist() for k, v in arrays.items() if v.dtype.kind == "U"}
  return from_arrays(path.stem, **{**arrays, **texts})
