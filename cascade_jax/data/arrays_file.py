"""A user's own arrays, from an .npz, .npy or .hdf5 file.

Nothing in a file is executed: arrays of Python objects, which NumPy would
unpickle, are refused. Images that are streamed stay in the file, which is
mapped into memory (.npy, .npz) or held open (.hdf5).
"""

import difflib
import inspect
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from cascade_jax import optional
from cascade_jax.data import memory
from cascade_jax.data.dataset import Dataset, from_arrays
from cascade_jax.data.fit import fitted, log_fit
from cascade_jax.data.mapped_npz import mapped_array
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
_HDF5 = b"\x89HDF"  # the first bytes of the kinds
_NPY = np.lib.format.MAGIC_PREFIX


def load(path: pathlib.Path, fit: str = "", stream: bool = False) -> Dataset:
  """Makes a data set of the arrays in a file.

  Args:
    path: an .npz or .hdf5 file with `images` and optionally the other arguments
      of `from_arrays`, under their names; or an .npy file of `images`.
    fit: how to fit the images to the networks; see `fit.fitted`.
    stream: whether the images stay in the file.

  Raises:
    UserError: there is no such file, it is damaged or of another kind, holds
      an array of another name, or an array is refused by `from_arrays`; the
      file is an .hdf5 and h5py isn't installed; the images don't fit into
      memory, or are to be streamed from a compressed .npz.
  """
  if not path.is_file():
    raise UserError(
      f"data.path is {str(path)!r}; there is no file: name an .npz, .npy or "
      ".hdf5 with your images"
    )
  arrays = _read(path, stream)
  _check_array_names(path, arrays)
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
    is_hdf5 = file.read(len(_HDF5)) == _HDF5
  try:
    read = _read_hdf5 if is_hdf5 else _read_numpy
    arrays = read(path, stream)
  except UserError:
    raise
  except Exception as error:  # damage can raise any exception
    raise UserError(
      f"{path} is not a whole .npz, .npy or .hdf5: {error}"
    ) from error
  for name in arrays.keys() & set(_TEXTS):
    arrays[name] = _text(path, name, arrays[name])
  return arrays


def _read_numpy(path: pathlib.Path, stream: bool) -> dict[str, Any]:
  with path.open("rb") as file:
    is_npy = file.read(len(_NPY)) == _NPY
    if is_npy and stream:
      return {_IMAGES: np.load(path, mmap_mode="r", allow_pickle=False)}
    if is_npy:
      memory.check_fits(path, path.stat().st_size, memory.free_on_host())
    file.seek(0)
    content = np.load(file, allow_pickle=False)
    if is_npy:
      return {_IMAGES: content}
    is_streamed = stream and _IMAGES in content
    if not is_streamed:
      needed = sum(member.file_size for member in content.zip.infolist())
      memory.check_fits(path, needed, memory.free_on_host())
    read = [name for name in content if not (is_streamed and name == _IMAGES)]
    arrays = {name: content[name] for name in read}
    if is_streamed:
      member = content.zip.getinfo(f"{_IMAGES}.npy")
      arrays[_IMAGES] = mapped_array(path, member)
    return arrays


def _read_hdf5(path: pathlib.Path, stream: bool) -> dict[str, Any]:
  h5py = optional.imported("h5py", "hdf5", path.name)
  with h5py.File(path) as file:
    for name in file:
      if not isinstance(file[name], h5py.Dataset):
        raise UserError(f"{name!r} in {path} is no array; move it elsewhere")
    is_streamed = stream and _IMAGES in file
    if not is_streamed:
      needed = sum(file[name].nbytes for name in file)
      memory.check_fits(path, needed, memory.free_on_host())
    is_text = {name: h5py.check_string_dtype(file[name].dtype) for name in file}
    arrays = {
      name: (file[name].asstr() if is_text[name] else file[name])[()]
      for name in file
      if not (is_streamed and name == _IMAGES)
    }
  if is_streamed:  # the array keeps its file open
    arrays[_IMAGES] = h5py.File(path)[_IMAGES]
  return arrays


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
