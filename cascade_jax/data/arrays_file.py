"""A user's own arrays, from an .npz, .npy or .hdf5 file.

Nothing in a file is executed: arrays of Python objects, which NumPy would
unpickle, are refused. Images that are streamed stay in the file, which is
mapped into memory (.npy, .npz) or held open (.hdf5).
"""

import inspect
import pathlib
from typing import Any

import numpy as np

from cascade_jax.array_files import hdf5, npy, npz
from cascade_jax.array_files.damage import prefixed
from cascade_jax.array_files.mapped import mapped_file
from cascade_jax.data.dataset import Dataset, from_arrays
from cascade_jax.data.fit import fitted, log_fit
from cascade_jax.data.pixels import are_zero_one, check_shape, to_levels
from cascade_jax.data.streamed_images import StreamedImages, streamed_dataset
from cascade_jax.errors import UserError

# The arrays in a file have the names of the arguments of `from_arrays`.
NAMES = tuple(
  name
  for name in inspect.signature(from_arrays).parameters
  if name not in ("name", "fit")
)
_IMAGES = "images"
_TEXTS = ("factor_names", "class_names", "class_factor")


def load(path: pathlib.Path, fit: str = "", stream: bool = False) -> Dataset:
  """Makes a data set of the arrays in a file.

  Args:
    path: an .npz or .hdf5 file with `images` and optionally the other arguments
      of `from_arrays`, under their names; or an .npy file of `images`.
    fit: how to fit the images to the networks; see `fit.fitted`.
    stream: whether the images stay in the file.

  Raises:
    UserError: there is no such file, it is damaged or of another kind, holds
      an array of another name or one too large for the memory, or an array is
      refused by `from_arrays`; the file is an .hdf5 and h5py isn't installed;
      or images are to be streamed from a compressed .npz.
  """
  if not path.is_file():
    raise UserError(
      f"data.path is {str(path)!r}; there is no file: name an .npz, .npy or "
      ".hdf5 with your images"
    )
  arrays = _read(path, stream)
  if _IMAGES not in arrays:
    raise UserError(f"{path} has no array named {_IMAGES!r}")
  for name in arrays.keys() & set(_TEXTS):
    arrays[name] = _text(path, name, arrays[name])
  with prefixed(path):
    if not stream:
      return from_arrays(path.stem, **arrays, fit=fit)
    images = _streamed(arrays.pop(_IMAGES), fit)
    return streamed_dataset(path.stem, images, **arrays)


def _streamed(stored: Any, fit: str) -> StreamedImages:
  """Returns images that are read from a stored array, NumPy's or h5py's."""
  check_shape(stored.shape)
  log_fit(stored.shape[1], stored.shape[2], fit)
  is_zero_one = are_zero_one(stored)

  def levels_of(indices: np.ndarray) -> np.ndarray:
    return fitted(to_levels(_rows(stored, indices), is_zero_one), fit)

  return StreamedImages(levels_of, len(stored))


def _rows(stored: Any, indices: np.ndarray) -> np.ndarray:
  """Reads rows, at once if they follow each other, which is far faster."""
  first, end = indices[0], indices[-1] + 1
  if np.array_equal(indices, np.arange(first, end)):
    return np.array(stored[first:end], order="C")
  return np.stack([stored[index] for index in indices])


def _read(path: pathlib.Path, stream: bool) -> dict[str, Any]:
  """Reads all arrays of a file, whose kind is told by its first bytes.

  Images that are streamed are left in the file.
  """
  with path.open("rb") as file:
    start = file.read(8)
  streamed = (_IMAGES,) if stream else ()
  if start.startswith(npz.MAGIC):
    return npz.read(path, NAMES, streamed)
  if start.startswith(npy.MAGIC):
    return {_IMAGES: mapped_file(path) if stream else npy.read_file(path)}
  if start.startswith(hdf5.MAGIC):
    return hdf5.read(path, NAMES, streamed)
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
