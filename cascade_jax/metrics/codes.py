"""What metrics are given: codes and factors as plain arrays, checked.

Letters: N examples, m continuous dimensions, D discrete variables, F factors.
A "column" is one of the m + D variables of a code, the discrete ones last.
"""

from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UserError

_ROUNDING = 1e-3  # nats, that a KL of nearly 0 may be below it


class Codes(NamedTuple):
  """The codes of N examples.

  Attributes:
    means: `[N, m]` float64.
    categories: `[N, D]` int64, each column numbered without gaps.
  """

  means: np.ndarray
  categories: np.ndarray

  @property
  def num_columns(self) -> int:
    """m + D."""
    return self.means.shape[1] + self.categories.shape[1]


def check(
  means: np.ndarray | None,
  factors: np.ndarray,
  categories: np.ndarray | None = None,
) -> tuple[Codes, np.ndarray]:
  """Both as arrays of known types.

  Args:
    means: `[N, m]` continuous codes, posterior means as a rule; None for m = 0.
    factors: `[N, F]` class indices: integers, or whole floats or bools.
    categories: `[N]` or `[N, D]` integers counted from 0, likewise; None for
      D = 0.

  Raises:
    UserError: names the argument that is off.
  """
  factors = np.asarray(factors)
  if factors.ndim != 2 or not len(factors):
    raise UserError(
      f"factors must have shape [N, F], N > 0; got {factors.shape}"
    )
  if factors.shape[1] > len(factors):
    raise UserError(
      f"factors have shape {factors.shape}, with more factors than examples; "
      "they must be [N, F], a row for each example: transpose them?"
    )
  factors = whole("factors", factors)
  means = check_means(means, len(factors))
  return Codes(means, _check_categories(categories, len(factors))), factors


def check_means(means: np.ndarray | None, num_examples: int) -> np.ndarray:
  """Continuous codes `[N, m]` in float64; see `check`."""
  if means is None:
    return np.empty((num_examples, 0))
  means = np.asarray(means)
  if means.ndim != 2 or len(means) != num_examples:
    raise UserError(
      f"means must have shape [{num_examples}, m], a row for each example; got "
      f"{means.shape}"
    )
  if not np.can_cast(means.dtype, np.float64, "same_kind"):
    raise UserError(f"means must be real numbers, got {means.dtype}")
  means = means.astype(np.float64)
  if not np.isfinite(means).all():
    raise UserError("means hold NaN or infinity; has the model diverged?")
  return means


def _check_categories(categories, num_examples: int) -> np.ndarray:
  if categories is None:
    return np.empty((num_examples, 0), np.int64)
  categories = np.asarray(categories)
  if categories.ndim not in (1, 2) or len(categories) != num_examples:
    raise UserError(
      f"categories must have shape [{num_examples}] or [{num_examples}, D], "
      f"got {categories.shape}"
    )
  categories = whole("categories", categories.reshape(num_examples, -1))
  if categories.size and categories.min() < 0:
    raise UserError(
      f"categories must be counted from 0, the least is {categories.min()}"
    )
  # Renumbered without gaps: a large or narrow-typed label is then no trouble.
  numbered = [np.unique(k, return_inverse=True)[1] for k in categories.T]
  return np.array(numbered, np.int64).reshape(-1, num_examples).T


def whole(name: str, labels: np.ndarray) -> np.ndarray:
  """Labels as integers, which whole floats and bools are too.

  Raises:
    UserError: they aren't; names the array.
  """
  if np.issubdtype(labels.dtype, np.integer):
    return labels
  if not np.can_cast(labels.dtype, np.float64, "same_kind"):
    raise UserError(f"{name} must be integers, got {labels.dtype}")
  off = ~(np.isfinite(labels) & (labels == np.round(labels)))
  if off.any():
    raise UserError(
      f"{name} must be integers, class indices; got {labels[off][0]}. Number "
      "the values, or put them in bins"
    )
  return labels.astype(np.int64)


def check_kl(kl: np.ndarray | None, num_columns: int) -> np.ndarray:
  """Mean KL of each dimension `[m]`; infinite, above any threshold, for None.

  Raises:
    UserError: another shape, or no finite numbers of nats from 0.
  """
  if kl is None:
    return np.full(num_columns, np.inf)
  kl = np.asarray(kl)
  if kl.shape != (num_columns,):
    raise UserError(
      f"kl must have one entry for each of {num_columns} columns, got shape "
      f"{kl.shape}"
    )
  if not (np.isfinite(kl) & (kl > -_ROUNDING)).all():
    raise UserError(f"kl must be finite and not negative, in nats; got {kl}")
  return kl


def varying(factors: np.ndarray) -> np.ndarray:
  """Indices of the factors `[N, F]` that have more than one value.

  Raises:
    UserError: none has.
  """
  found = np.flatnonzero((factors != factors[:1]).any(axis=0))
  if not len(found):
    raise UserError(
      "no factor has more than one value; there is nothing to tell apart"
    )
  return found


def fewest_examples(factors: np.ndarray) -> tuple[int, int]:
  """How many examples the rarest value has, and which factor's it is.

  A metric that fixes a factor and varies the rest has no more than these to
  vary, and means little with a handful.
  """
  counts = [
    np.unique(values, return_counts=True)[1].min() for values in factors.T
  ]
  return int(min(counts)), int(np.argmin(counts))


def discretise(codes: Codes, num_bins: int) -> np.ndarray:
  """Integers `[N, m + D]`: means in bins of equal width, categories as is.

  `num_bins` bins between a dimension's least and largest value, as in
  disentanglement_lib (whose default is 20).
  """
  check_integer("num_bins", num_bins, 2)
  spans = np.ptp(codes.means, axis=0)
  scaled = codes.means - codes.means.min(axis=0, initial=np.inf)
  bins = num_bins * scaled / np.where(spans > 0, spans, 1)
  bins = np.minimum(bins.astype(np.int64), num_bins - 1)
  return np.concatenate([bins, codes.categories], axis=1)


def features(codes: Codes) -> tuple[np.ndarray, np.ndarray]:
  """What a classifier is fed: `[N, P]`, and the column of each `[P]`.

  Means standardised (a constant one to 0), categories one-hot.
  """
  scales = codes.means.std(axis=0)
  parts = [
    (codes.means - codes.means.mean(axis=0)) / np.where(scales, scales, 1)
  ]
  sizes = [1] * codes.means.shape[1]
  for labels in codes.categories.T:
    one_hot = np.eye(labels.max() + 1)[labels]
    parts.append(one_hot)
    sizes.append(one_hot.shape[1])
  return np.concatenate(parts, axis=1), np.repeat(np.arange(len(sizes)), sizes)


def check_not_negative(name: str, value: float) -> None:
  """Raises UserError unless it is a finite number of 0 or more."""
  if not (np.isfinite(value) and value >= 0):
    raise UserError(f"{name} must be a finite number >= 0, got {value!r}")


def check_integer(name: str, value: int, least: int) -> None:
  """Raises UserError unless it is an integer of at least `least`."""
  if not isinstance(value, (int, np.integer)) or value < least:
    raise UserError(
      f"{name} must be an integer of at least {least}, got {value!r}"
    )
