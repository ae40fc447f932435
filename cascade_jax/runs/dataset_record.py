"""The file `dataset.json` of a run: which images it was trained on.

It tells a resumed run whether it sees the same images, and a model what its
images look like without loading them.
"""

import contextlib
import hashlib
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cascade_jax.activity import activity
from cascade_jax.data import Dataset, ReadAhead, StreamedImages
from cascade_jax.errors import UserError
from cascade_jax.runs import json_file

_FILE = "dataset.json"
DATASET = json_file.Kind(
  "dataset",
  {
    "name": str,
    "num_images": int,
    "image_shape": [int],
    "images_digest": str,
    "factor_names": [str],
    "class_factor": (str, None),
    "class_names": [str],
  },
  "move it away, and the training command of the run, given again, writes it "
  "anew",
)


class DatasetRecord(NamedTuple):
  """What a run remembers of its data set.

  Attributes:
    name: of the data set.
    num_images: N.
    image_shape: H, W, C.
    images_digest: BLAKE2 of the images as they are held, packed if binary.
    factor_names: of the factors; () where they are not known.
    class_factor: the factor that a discrete code should learn, if there is one.
    class_names: names of that factor's values.
  """

  name: str
  num_images: int
  image_shape: tuple[int, int, int]
  images_digest: str
  factor_names: tuple[str, ...]
  class_factor: str | None
  class_names: tuple[str, ...]


def record_dataset(folders: Sequence[pathlib.Path], dataset: Dataset) -> None:
  """Writes `dataset.json`, after a check against the one that is there.

  Args:
    folders: of the replicas of a run.
    dataset: that they are trained on.

  Raises:
    UserError: the run in a folder was trained on other images.
  """
  new = record_of(dataset)
  for folder in folders:
    path = folder / _FILE
    if path.exists():
      _check_same_images(folder, read(folder), new)
    json_file.write(path, DATASET, new._asdict())


def _check_same_images(
  folder: pathlib.Path, old: DatasetRecord, new: DatasetRecord
) -> None:
  if (old.image_shape, old.images_digest) == (
    new.image_shape,
    new.images_digest,
  ):
    return
  raise UserError(
    f"workdir {folder} holds a run on other images: {old.num_images} images "
    f"{old.image_shape} of {old.name!r} there, {new.num_images} images "
    f"{new.image_shape} of {new.name!r} now. Use another --workdir."
  )


def read(folder: pathlib.Path) -> DatasetRecord:
  """Reads the `dataset.json` of a run.

  Raises:
    UserError: there is none, or it is damaged or of another version.
  """
  path = folder / _FILE
  if not path.exists():
    raise UserError(
      f"{folder} has no {_FILE}; it holds no run, or one of an earlier version "
      "of cascade_jax: the training command of the run, given again, writes it"
    )
  content = json_file.read(path, DATASET)
  values = {name: content[name] for name in DatasetRecord._fields}
  lists = {k: tuple(v) for k, v in values.items() if isinstance(v, list)}
  return DatasetRecord(**{**values, **lists})


def record_of(dataset: Dataset) -> DatasetRecord:
  """Returns what a run on a data set remembers of it."""
  return DatasetRecord(
    name=dataset.name,
    num_images=len(dataset.images),
    image_shape=dataset.image_shape,
    images_digest=_digest(dataset.images),
    factor_names=dataset.factor_names,
    class_factor=dataset.class_factor,
    class_names=dataset.class_names,
  )


def _digest(images: np.ndarray | StreamedImages) -> str:
  """Returns the digest of all images; those on disk are read once for it."""
  digest = hashlib.blake2b(digest_size=16)
  if isinstance(images, np.ndarray):
    with activity("checking the images", announced=False):
      digest.update(np.ascontiguousarray(images).data)
    return digest.hexdigest()
  count = images.num_blocks
  blocks = ReadAhead(lambda k: images[images.block(k)], count)
  what = f"reading all {len(images)} images once, to check them"
  with activity(what) as reach, contextlib.closing(blocks):
    for k in range(count):
      reach(f"part {k + 1} of {count}")
      digest.update(blocks[k].data)
  return digest.hexdigest()
