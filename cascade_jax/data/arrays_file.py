"""A user's own arrays, from an .npz, .npy or .hdf5 file.

Nothing in a file is executed: arrays of Python objects, which NumPy would
unpickle, are refused.
"""

import difflib
import inspect
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from cascade_jax import optional
from cascade_jax.data.dataset import Dataset, from_arrays
from cascade_jax.errors import UserError

# The arrays in a file have the names of the arguments of `from_arrays`.
NAMES = tuple(
  name
  for name in inspect.signature(from_arrays).parameters
  if name not in ("name", "fit")
)
_TEXTS = ("factor_names", "class_names", "class_factor")
_HDF5 = b"\x89HDF"  # the first bytes of the kind


def load(path: pathlib.Path, fit: str = "") -> Dataset:
  """Makes a data set of the arrays in a file.

  Args:
    path: an .npz or .hdf5 file with `images` and optionally the other arguments
      of `from_arrays`, under their names; or an .npy file of `images`.
    fit: how to fit the images to the networks; see `fit.fitted`.

  Raises:
    UserError: there is no such file, it is damaged or of another kind, holds
      an array of another name, or an array is refused by `from_arrays`; or the
      file is an .hdf5 and h5py isn't installed.
  """
  if not path.is_file():
    raise UserError(
      f"data.path is {str(path)!r}; there is no file: name an .npz, .npy or "
      ".hdf5 with your images"
    )
  arrays = _read(path)
  _check_array_names(path, arrays)
  return from_arrays(path.stem, **arrays, fit=fit)


def _read(path: pathlib.Path) -> dict[str, Any]:
  """Reads all arrays of a file, whose kind is told by its first bytes."""
  with path.open("rb") as file:
    is_hdf5 = file.read(len(_HDF5)) == _HDF5
  try:
    arrays = _read_hdf5(path) if is_hdf5 else _read_numpy(path)
  except UserError:
    raise
  except Exception as error:  # damage can raise any exception
    raise UserError(
      f"{path} is not a whole .npz, .npy or .hdf5: {error}"
    ) from error
  for name in arrays.keys() & set(_TEXTS):
    arrays[name] = _text(path, name, arrays[name])
  return arrays


def _read_numpy(path: pathlib.Path) -> dict[str, Any]:
  with path.open("rb") as file:
    content = np.load(file, allow_pickle=False)
    if isinstance(content, np.ndarray):
      return {"images": content}
    return {name: content[name] for name in content}


def _read_hdf5(path: pathlib.Path) -> dict[str, Any]:
  h5py = optional.imported("h5py", "hdf5", path.name)
  with h5py.File(path) as file:
    for name in file:
      if not isinstance(file[name], h5py.Dataset):
        raise UserError(f"{name!r} in {path} is no array; move it elsewhere")
    is_text = {name: h5py.check_string_dtype(file[name].dtype) for name in file}
    return {
      name: (file[name].asstr() if is_text[name] else file[name])[()]
      for name in file
    }


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


def _check_array_names(path: pathlib.Path, found: Iterable[str]) -> None:
  """Refuses names that nothing reads, which may be mistyped."""
  for name in found:
    if name not in NAMES:
      near = difflib.get_close_matches(name, NAMES, n=1)
      hint = (
        f"did you mean {near[0]!r}?"
        if near
        else f"the names are {', '.join(NAMES)}"
      )
      raise UserError(f"{path} has an array named {name!r}; {hint}")
  if "images" not in found:
    raise UserError(f"{path} has no array named 'images'")
