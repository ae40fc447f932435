"""Checks of the arrays and numbers that metrics take.

Shapes: N examples, m continuous dimensions, D discrete variables, F factors.
"""

import numpy as np

from cascade_jax.errors import UserError

_ROUNDING = 1e-3  # nats; rounding can push a KL of nearly 0 this far below 0


def checked_factors(factors: np.ndarray) -> np.ndarray:
  """Returns the true factors `[N, F]` as integers.

  Raises:
    UserError: another shape, no examples, more factors than examples, or values
      that are not whole numbers.
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
  return integer_labels("factors", factors)


def checked_means(means: np.ndarray | None, num_examples: int) -> np.ndarray:
  """Returns the continuous code `[N, m]` in float64; m is 0 for None.

  Raises:
    UserError: another shape, or values that are not finite real numbers.
  """
  if means is None:
    return np.empty((num_examples, 0))
  means = np.asarray(means)
  if means.ndim != 2 or len(means) != num_examples:
    raise UserError(
      f"means must have shape [{num_examples}, m], a row for each example; got "
      f"{means.shape}"
    )
  means = _in_float64("means", means)
  if not np.isfinite(means).all():
    raise UserError("means hold NaN or infinity; has the model diverged?")
  return means


def checked_categories(
  categories: np.ndarray | None, num_examples: int
) -> np.ndarray:
  """Returns the discrete code `[N, D]` in int64; D is 0 for None.

  The categories of each variable are renumbered without gaps, so that large or
  narrow-typed labels cause no trouble.

  Raises:
    UserError: another shape, or values that are not integers counted from 0.
  """
  if categories is None:
    return np.empty((num_examples, 0), np.int64)
  categories = np.asarray(categories)
  if categories.ndim not in (1, 2) or len(categories) != num_examples:
    raise UserError(
      f"categories must have shape [{num_examples}] or [{num_examples}, D], "
      f"got {categories.shape}"
    )
  if categories.ndim == 1:
    categories = categories[:, None]
  categories = integer_labels("categories", categories)
  if categories.size and categories.min() < 0:
    raise UserError(
      f"categories must be counted from 0, the least is {categories.min()}"
    )
  numbered = [np.unique(k, return_inverse=True)[1] for k in categories.T]
  return np.array(numbered, np.int64).reshape(-1, num_examples).T


def checked_scales(scales: np.ndarray, means: np.ndarray) -> np.ndarray:
  """Returns the posterior standard deviations `[N, m]` in float64.

  Raises:
    UserError: another shape than that of `means`, or values that are not
      positive and finite.
  """
  scales = _in_float64("scales", np.asarray(scales))
  if scales.shape != means.shape:
    raise UserError(
      f"scales must have the shape of means, {means.shape}; got {scales.shape}"
    )
  if not (np.isfinite(scales) & (scales > 0)).all():
    raise UserError("scales must be positive and finite")
  return scales


def checked_kl(kl: np.ndarray | None, num_columns: int) -> np.ndarray:
  """Returns the mean KL of each dimension `[m]`, in nats.

  None gives infinity, which lies above any threshold.

  Raises:
    UserError: another shape, or values that are not finite and at least 0.
  """
  if kl is None:
    return np.full(num_columns, np.inf)
  kl = _in_float64("kl", np.asarray(kl))
  if kl.shape != (num_columns,):
    raise UserError(
      f"kl must have one entry for each of {num_columns} columns, got shape "
      f"{kl.shape}"
    )
  if not (np.isfinite(kl) & (kl > -_ROUNDING)).all():
    raise UserError(f"kl must be finite and not negative, in nats; got {kl}")
  return kl


def checked_labels(name: str, labels: np.ndarray) -> np.ndarray:
  """Returns the labels of one variable `[N]` in int64.

  Raises:
    UserError: another shape, no examples, or values that are not integers
      counted from 0; the message names the array.
  """
  labels = np.asarray(labels)
  if labels.ndim != 1 or not labels.size:
    raise UserError(f"{name} must have shape [N], N > 0; got {labels.shape}")
  labels = integer_labels(name, labels)
  if labels.min() < 0:
    raise UserError(f"{name} must be integers counted from 0")
  return labels


def integer_labels(name: str, labels: np.ndarray) -> np.ndarray:
  """Returns labels in int64; whole floats and booleans are converted.

  Raises:
    UserError: some labels are not whole numbers, or are so large that other
      labels may have become equal to them; the message names the array.
  """
  if np.issubdtype(labels.dtype, np.integer):
    return _in_int64(name, labels)
  if not np.can_cast(labels.dtype, np.float64, "same_kind"):
    raise UserError(f"{name} must be integers, got {labels.dtype}")
  is_fraction = ~(np.isfinite(labels) & (labels == np.round(labels)))
  if is_fraction.any():
    raise UserError(
      f"{name} must be integers, class indices; got {labels[is_fraction][0]}. "
      "Number the values, or put them in bins"
    )
  if labels.dtype != bool:
    _check_exact(name, labels)
  return labels.astype(np.int64)


def _in_float64(name: str, values: np.ndarray) -> np.ndarray:
  if not np.can_cast(values.dtype, np.float64, "same_kind"):
    raise UserError(f"{name} must be real numbers, got {values.dtype}")
  return values.astype(np.float64)


def _in_int64(name: str, labels: np.ndarray) -> np.ndarray:
  if labels.max(initial=0) > np.iinfo(np.int64).max:
    raise UserError(
      f"{name} go up to {labels.max()}, beyond int64; number the values, "
      "numpy.unique(..., return_inverse=True)[1]"
    )
  return labels.astype(np.int64)  # in uint8, 255 + 1 would be 0


def _check_exact(name: str, labels: np.ndarray) -> None:
  """Refuses floats of a size at which their type skips whole numbers.

  Different numbers have become one label there, if not in the file then in
  int64, and the codes of one label are easily told.
  """
  digits = np.finfo(labels.dtype).nmant + 1
  if (largest := np.abs(labels).max(initial=0)) >= 2**digits:
    raise UserError(
      f"{name} go up to {largest:g} in {labels.dtype}, which can't tell whole "
      f"numbers from 2**{digits} on apart; give them as integers"
    )


def check_not_negative(name: str, value: float) -> None:
  """Raises UserError unless the value is a finite number of at least 0."""
  if not (np.isfinite(value) and value >= 0):
    raise UserError(f"{name} must be a finite number >= 0, got {value!r}")


def check_integer(name: str, value: int, least: int) -> None:
  """Raises UserError unless the value is an integer of at least `least`."""
  if not isinstance(value, (int, np.integer)) or value < least:
    raise UserError(
      f"{name} must be an integer of at least {least}, got {value!r}"
    )
