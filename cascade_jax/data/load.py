"""The data sets by the names that a configuration gives them."""

import pathlib
from typing import Unpack

from cascade_jax import optional
from cascade_jax.activity import activity
from cascade_jax.data import (
  arrays_file,
  digits,
  dsprites,
  dsprites_files,
  dsprites_tfds,
  dsprites_variants,
  folder,
  idx,
  tfds_images,
  xy_squares,
)
from cascade_jax.data import (
  fit as fit_lib,
)
from cascade_jax.data.dataset import Dataset
from cascade_jax.errors import UserError

GIVEN = "given"  # the name of images that a Python program handed over
_STREAMED = {"arrays": arrays_file, "folder": folder}
_FILES = {**_STREAMED, "idx": idx}
NAMES = (
  "dsprites",
  "dsprites_file",
  "dsprites_tfds",
  *dsprites_variants.NAMES,
  "xy_squares",
  "digits",
  *_FILES,
  "tfds",
)


# Options beside the name that `load` reads.
_RENDERED = frozenset({"image_size", "downsample", "num_orientations"})
_READS = {
  "dsprites": _RENDERED,
  "dsprites_file": _RENDERED | {"path", "unverified"},
  "dsprites_tfds": _RENDERED | {"path"},
  **dict.fromkeys(dsprites_variants.NAMES, _RENDERED | {"num_images"}),
  "xy_squares": frozenset({"image_size"}),
  "digits": frozenset(),
  **dict.fromkeys(_STREAMED, frozenset({"path", "fit", "stream"})),
  "idx": frozenset({"path", "fit"}),
  "tfds": frozenset({"path", "fit", "tfds"}),
  GIVEN: frozenset(),
}


def reads(name: str) -> frozenset[str] | None:
  """Returns the options that a data set reads; None for an unknown name."""
  return _READS.get(name)


def load(
  name: str,
  path: str = "",
  tfds: str = "",
  fit: str = "",
  stream: bool = False,
  num_images: int = 100_000,
  unverified: bool = False,
  **options: Unpack[dsprites.Options],
) -> Dataset:
  """Loads a data set by its name.

  | name | data set |
  |---|---|
  | `dsprites` | dSprites, rendered from its factors; no file is needed |
  | `dsprites_file` | the original, from the .npz or .hdf5 at `path` |
  | `dsprites_tfds` | the original, from TensorFlow Datasets at `path` |
  | `dsprites_color` | objects of random colours; no file |
  | `dsprites_noisy` | white objects on noise; no file |
  | `xy_squares` | three coloured squares on a grid; no file |
  | `digits` | handwritten digits that come with scikit-learn; no file |
  | `arrays` | a user's own arrays, from the .npz, .npy or .hdf5 at `path` |
  | `folder` | the images in the folder `path`; its sub-folders are classes |
  | `idx` | files as of MNIST and Fashion-MNIST at `path` |
  | `tfds` | the data set `tfds` of TensorFlow Datasets at `path` |

  Args:
    name: one of the names above.
    path: the file or folder, if there is one; for TFDS its data_dir, or "" for
      the default.
    tfds: the name that TensorFlow Datasets gives the data set, such as
      "mnist"; for `tfds` only.
    fit: how images of the last four are fitted to the networks: "", "pad",
      "resize" or "crop"; see `fit.fitted`.
    stream: whether the images of `arrays` and `folder` stay on disk and are
      read when they are needed, for those that don't fit into memory.
    num_images: of `dsprites_color` and `dsprites_noisy`, at most.
    unverified: whether `dsprites_file` reads a file whose digest is not that of
      the published one.
    **options: the options of `dsprites.load`, of which `xy_squares` has
      `image_size`; ignored for the other data sets.

  Raises:
    UserError: the name is unknown, there is no file at the path, or the file
      can't be read; or the images can't be streamed, or don't fit into memory.
  """
  fit_lib.check_name(fit)
  if stream:
    _check_streamed(name)
  with activity(f"loading the data set {name!r}"):
    return _load(
      name, path, tfds, fit, stream, num_images, unverified, **options
    )


def _load(
  name: str,
  path: str,
  tfds: str,
  fit: str,
  stream: bool,
  num_images: int,
  unverified: bool,
  **options: Unpack[dsprites.Options],
) -> Dataset:
  if name == "dsprites":
    return dsprites.load(**options)
  if name == "dsprites_file":
    rows = dsprites_files.read(path, unverified=unverified)
    return dsprites.load(**options, rows=rows)
  if name == "dsprites_tfds":
    return dsprites.load(**options, rows=dsprites_tfds.read(path or None))
  if name in dsprites_variants.NAMES:
    return dsprites_variants.load(name, num_images, **options)
  if name == "xy_squares":
    return xy_squares.load(options.get("image_size", 64))
  if name == "digits":
    return digits.load()
  if name == "tfds":
    if not tfds:
      raise UserError(
        "data.name is 'tfds'; data.tfds must name the data set, such as 'mnist'"
      )
    return tfds_images.load(tfds, path or None, fit)
  if name in _FILES:
    if not path:
      raise UserError(f"data.name is {name!r}; data.path must say where it is")
    file = pathlib.Path(path).expanduser()
    if stream:
      return _STREAMED[name].load(file, fit, stream=True)
    return _FILES[name].load(file, fit)
  if name == GIVEN:
    raise UserError(
      "the images of this run were handed over by a Python program and are in "
      "no file; hand them over again, as `dataset`"
    )
  raise UserError(f"data.name is {name!r}; it must be one of {NAMES}")


def _check_streamed(name: str) -> None:
  """Refuses data sets that can't be streamed, and a Python without Grain."""
  if name not in _STREAMED:
    raise UserError(
      f"data.stream is True, but data.name is {name!r}; only the images of "
      f"{' and '.join(_STREAMED)} can be streamed: leave it out"
    )
  optional.imported("grain", "stream", "data.stream")
