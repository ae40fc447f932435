"""A user's own arrays, from an .npz, .npy or .hdf5 file.

Nothing in a file is executed: arrays of Python objects, which NumPy would
unpickle, are refused.
"""

import inspect
import pathlib
from typing import Any

import numpy as np

from cascade_jax.array_files import hdf5, npy, npz
from cascade_jax.data.dataset import Dataset, from_arrays
from cascade_jax.errors import UserError

# The arrays in a file have the names of the arguments of `from_arrays`.
NAMES = tuple(
  name
  for name in inspect.signature(from_arrays).parameters
  if name not in ("name", "fit")
)
_TEXTS = ("factor_names", "class_names", "class_factor")


def load(path: pathlib.Path, fit: str = "") -> Dataset:
  """Makes a data set of the arrays in a file.

  Args:
    path: an .npz or .hdf5 file with `images` and optionally the other arguments
      of `from_arrays`, under their names; or an .npy file of `images`.
    fit: how to fit the images to the networks; see `fit.fitted`.

  Raises:
    UserError: there is no such file, it is damaged or of another kind, holds
      an array of another name or one too large for the memory, or an array is
      refused by `from_arrays`; or the file is an .hdf5 and h5py isn't
      installed.
  """
  if not path.is_file():
    raise UserError(
      f"data.path is {str(path)!r}; there is no file: name an .npz, .npy or "
      ".hdf5 with your images"
    )
  arrays = _read(path)
  if "images" not in arrays:
    raise UserError(f"{path} has no array named 'images'")
  texts = {k: _text(path, k, arrays[k]) for k in arrays.keys() & set(_TEXTS)}
  return from_arrays(path.stem, **arrays | texts, fit=fit)


def _read(path: pathlib.Path) -> dict[str, Any]:
  """Reads all arrays of a file, whose kind is told by its first bytes."""
  with path.open("rb") as file:
    start = file.read(8)
  if start.startswith(npz.MAGIC):
    return npz.read(path, NAMES)
  if start.startswith(npy.MAGIC):
    return {"images": npy.read_file(path)}
  if start.startswith(hdf5.MAGIC):
    return hdf5.read(path, NAMES)
  raise UserError(
    f"{path} is not an .npz, .npy or .hdf5: it starts with {start!r}"
  )


def _text(path: pathlib.Path, name: str, array: Any) -> str | list[str]:
  """Returns an array of strings as a list, one without axes as a string."""
  text = np.asarray(array).tolist()
  parts = text if isinstance(text, list) else [text]
  if not all(isinstance(part, str) for part in parts):
    raise UserError(
      f"{name} in {path} is {text!r}; it must be strings, one a value"
    )
  if isinstance(text, list) == (name == "class_factor"):
    kind = "a single string" if name == "class_factor" else "a list of strings"
    raise UserError(f"{name} in {path} is {text!r}; it must be {kind}")
  return text
