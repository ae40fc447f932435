"""Arrays in an .hdf5 file."""

import pathlib
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from absl import logging

from cascade_jax import optional
from cascade_jax.array_files.claims import check_names, check_size
from cascade_jax.array_files.damage import named
from cascade_jax.errors import UserError

if TYPE_CHECKING:
  import h5py

MAGIC = b"\x89HDF"


def read(
  path: pathlib.Path, known: Collection[str], streamed: Collection[str] = ()
) -> dict[str, Any]:
  """Returns all arrays of a file by name; strings are Python's.

  HDF5 has checksums only where the writer asked for them (`fletcher32=True` in
  h5py). The log says if an array has none, because damage to its values can't
  be noticed then.

  Args:
    path: of the .hdf5.
    known: the names that arrays may have.
    streamed: those that are left in the file, as h5py's; each holds it open.

  Raises:
    UserError: h5py isn't installed, the file is damaged, or an array has an
      unknown name, is in a group or is too large.
  """
  h5py = optional.imported("h5py", "hdf5", path.name)
  arrays = {}
  with named(path), h5py.File(path) as file:
    for name in file:
      if not isinstance(file[name], h5py.Dataset):
        raise UserError(f"{name!r} in it is no array; move it elsewhere")
    check_names(file, known)
    for name in file.keys() - set(streamed):
      with named(name):
        check_dataset(file[name])
        is_text = h5py.check_string_dtype(file[name].dtype)
        arrays[name] = (file[name].asstr() if is_text else file[name])[()]
    if unchecked := [name for name in file if not file[name].fletcher32]:
      logging.info(
        "%s has no checksums for %s, so damage to the values can't be noticed;"
        " h5py writes them with fletcher32=True",
        path,
        ", ".join(unchecked),
      )
    left = file.keys() & set(streamed)
  return arrays | {name: h5py.File(path)[name] for name in left}


def check_dataset(dataset: "h5py.Dataset") -> None:
  """Refuses an array that can't be in memory, or is likely to be a trap.

  Raises:
    UserError: as `claims.check_size`, or there is no array.
  """
  if dataset.shape is None:
    raise UserError("there are no values")
  check_size(dataset.nbytes, dataset.id.get_storage_size())
