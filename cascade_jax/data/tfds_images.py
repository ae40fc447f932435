"""Image data sets from TensorFlow Datasets (TFDS), without TensorFlow.

Any data set with a feature `image` will do. Its integer features become
factors: the label of mnist, fashion_mnist or cifar10; all factors of shapes3d
and smallnorb. The train split is read, as TFDS prepared it in array_record.
(dSprites has a module of its own, `dsprites_tfds`.)
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import logging

from cascade_jax import optional
from cascade_jax.data.dataset import Dataset, from_arrays
from cascade_jax.errors import UserError

if TYPE_CHECKING:
  import tensorflow_datasets

_SPLIT = "train"


def load(name: str, data_dir: str | None = None, fit: str = "") -> Dataset:
  """Reads a data set that TFDS has prepared.

  Args:
    name: of the data set, such as "mnist".
    data_dir: the folder of TFDS; None for its default.
    fit: how to fit the images to the networks; see `fit.fitted`.

  Returns:
    The data set. Its class factor is the one that TFDS calls supervised, or
    `shape` without one.

  Raises:
    UserError: TFDS isn't installed, doesn't know the name or hasn't prepared
      the data set as array_record; or the files are damaged, or hold no images.
  """
  builder = _prepared_builder(name, data_dir)
  features = builder.info.features
  columns = _factor_columns(features)
  logging.info("reading %s as prepared in %s", name, builder.data_dir)
  try:
    records = builder.as_data_source(split=_SPLIT)
    images, factors = _arrays(records, list(columns))
  except (ImportError, PermissionError):
    raise
  except Exception as error:  # damage can raise any exception
    raise UserError(
      f"{builder.data_dir} is damaged or is not {name}: {error}. Delete it and "
      "prepare it again."
    ) from error
  class_factor = _class_factor(builder.info, columns)
  return from_arrays(
    f"{name}, {_SPLIT} split of TFDS",
    images,
    factors if columns else None,
    factor_names=list(columns.values()) or None,
    class_factor=class_factor,
    class_names=_class_names(features, columns, class_factor),
    fit=fit,
  )


def _prepared_builder(
  name: str, data_dir: str | None
) -> "tensorflow_datasets.core.DatasetBuilder":
  """The builder of a data set that can be read without TensorFlow."""
  tfds = optional.imported("tensorflow_datasets", "tfds", "data.name=tfds")
  try:
    builder = tfds.builder(name, data_dir=data_dir)
  except Exception as error:  # as many kinds as there are ways to be wrong
    (reason, *_) = str(error).splitlines() or [type(error).__name__]
    raise UserError(
      f"data.tfds is {name!r}, which TensorFlow Datasets can't build: {reason}"
    ) from error
  is_readable = builder.info.file_format == tfds.core.FileFormat.ARRAY_RECORD
  if _SPLIT not in builder.info.splits or not is_readable:
    where = f" --data_dir={data_dir}" if data_dir else ""
    raise UserError(
      f"{builder.data_dir} holds no {name} with a {_SPLIT} split in "
      f"array_record; prepare it: tfds build {name} --file_format=array_record"
      f"{where} (which needs tensorflow for most data sets)"
    )
  if "image" not in builder.info.features:
    raise UserError(
      f"data.tfds is {name!r}, which has no feature 'image', but "
      f"{', '.join(builder.info.features)}"
    )
  return builder


def _factor_columns(features: Any) -> dict[str, str]:
  """Returns the integer features, and the names that they get as factors."""
  return {
    key: key.removeprefix("label_")
    for key, feature in features.items()
    if feature.shape == () and np.issubdtype(feature.np_dtype, np.integer)
  }


def _arrays(
  records: Iterable[dict], keys: list[str]
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the images `[N, H, W, C]` and factors `[N, F]` of records."""
  images, factors = [], []
  for record in records:
    images.append(np.asarray(record["image"]))
    factors.append([int(record[key]) for key in keys])
  return np.stack(images), np.array(factors)


def _class_factor(info: Any, columns: dict[str, str]) -> str | None:
  """The factor that TFDS calls supervised, else the shape, else None."""
  _, label = info.supervised_keys or (None, "label_shape")
  return columns.get(label)


def _class_names(
  features: Any, columns: dict[str, str], class_factor: str | None
) -> list[str]:
  """The names that TFDS has for the values of the class factor, if any."""
  for key, name in columns.items():
    if name == class_factor:
      return getattr(features[key], "names", None) or []
  return []
