"""The factors of a data set, and which of them is the class.

Metrics count the values of a factor from 0, so values that never occur are
closed up: labels 1, 5, 7 become 0, 1, 2. Otherwise a factor of a subset (one
split, every fourth position) would be said to have values that no image shows.
The order of the values stays, and class names keep the original ones.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from absl import logging

from cascade_jax.errors import UserError

LABELS = "class"  # the name of the factor that labels become


class Factors(NamedTuple):
  """The fields of `Dataset` that describe its factors."""

  factors: np.ndarray  # [N, F] int64; each value below the size occurs
  factor_names: tuple[str, ...]
  factor_sizes: tuple[int, ...]
  class_factor: str | None
  class_names: tuple[str, ...]


def describe(
  num_images: int,
  factors: np.ndarray | None,
  labels: np.ndarray | None,
  factor_names: Sequence[str] | None = None,
  class_factor: str | None = None,
  class_names: Sequence[str] = (),
) -> Factors:
  """Checks and completes the description of factors; see `from_arrays`."""
  columns: list[np.ndarray] = []
  if factors is not None:
    columns = list(_checked_factors(np.asarray(factors), num_images).T)
  names = _names(factor_names, len(columns))
  if labels is not None:
    columns.append(_checked_labels(np.asarray(labels), num_images))
    names += (LABELS,)
    class_factor = class_factor or LABELS
  _check_names(names, class_factor, class_names)
  values = [np.unique(column, return_inverse=True) for column in columns]
  sizes = tuple(len(distinct) for distinct, _ in values)
  if class_factor is not None:
    distinct, _ = values[names.index(class_factor)]
    class_names = _class_names(class_factor, distinct, class_names)
  for name, (distinct, _) in zip(names, values):
    _log_mapping(name, distinct)
  return Factors(
    factors=np.stack([codes for _, codes in values], axis=1),
    factor_names=names,
    factor_sizes=sizes,
    class_factor=class_factor,
    class_names=tuple(class_names),
  )


def _names(factor_names: Sequence[str] | None, count: int) -> tuple[str, ...]:
  """The names of the columns of `factors`."""
  if factor_names is None:
    return tuple(f"factor {i + 1}" for i in range(count))
  if len(factor_names) != count:
    raise UserError(f"{len(factor_names)} factor names for {count} factors")
  return tuple(factor_names)


def _checked_factors(factors: np.ndarray, num_images: int) -> np.ndarray:
  """The factors, `[num_images, F]` integers from 0."""
  if factors.ndim != 2 or len(factors) != num_images or not factors.size:
    raise UserError(
      f"factors must have shape [{num_images}, F], a row an image; "
      f"got {factors.shape}"
    )
  if not np.issubdtype(factors.dtype, np.integer):
    raise UserError(
      f"factors must be integers, each column counted from 0; got "
      f"{factors.dtype}: number the values of each factor"
    )
  if factors.min() < 0:
    raise UserError(
      "factors must be integers, each column counted from 0; got "
      f"{factors.min()}"
    )
  return factors


def _checked_labels(labels: np.ndarray, num_images: int) -> np.ndarray:
  """The labels, `[num_images]` integers, bools or strings."""
  if labels.shape not in ((num_images,), (num_images, 1)):
    raise UserError(
      f"labels must have shape [{num_images}], one an image; got {labels.shape}"
    )
  if labels.dtype == object and all(isinstance(x, str) for x in labels.flat):
    labels = labels.astype(str)  # as pandas and h5py hold strings
  if labels.dtype.kind not in "iubU":
    raise UserError(
      f"labels must be integers or strings, got {labels.dtype}; convert them "
      "with astype(int) or astype(str)"
    )
  return labels.reshape(-1)


def _check_names(
  names: tuple[str, ...],
  class_factor: str | None,
  class_names: Sequence[str],
) -> None:
  if len(set(names)) < len(names):
    raise UserError(f"a factor name comes twice: {names}")
  if class_factor is None and class_names:
    raise UserError("class_names are given, but no class_factor")
  if class_factor is not None and class_factor not in names:
    raise UserError(
      f"class_factor is {class_factor!r}; the factors are {names}"
    )


def _class_names(
  class_factor: str, distinct: np.ndarray, class_names: Sequence[str]
) -> tuple[str, ...]:
  """The names of the values that occur, `[K]`.

  Names that are given are those of the K values in ascending order, or of all
  numbers from 0 on, among which are some that do not occur.
  """
  if not class_names:
    if distinct.dtype.kind == "U":
      return tuple(distinct.tolist())
    return tuple(f"{class_factor} {value}" for value in distinct)
  if len(class_names) == len(distinct):
    return tuple(class_names)
  is_number = distinct.dtype.kind in "iu"
  if is_number and distinct[0] >= 0 and distinct[-1] < len(class_names):
    return tuple(class_names[value] for value in distinct)
  raise UserError(
    f"{len(class_names)} class names for {len(distinct)} values of "
    f"{class_factor!r}"
  )


def _log_mapping(name: str, distinct: np.ndarray) -> None:
  """Says in one line which values became 0, 1, ... if they weren't that."""
  if np.array_equal(distinct, np.arange(len(distinct))):
    return
  shown = [str(value) for value in distinct[:10]]
  logging.info(
    "factor %r: its %d values %s%s are numbered from 0",
    name,
    len(distinct),
    ", ".join(shown),
    ", ..." if len(distinct) > len(shown) else "",
  )
