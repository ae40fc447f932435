"""Checks of a method's keyword arguments."""

import math
from collections.abc import Sequence
from numbers import Real

from cascade_jax.errors import UserError

# More would not fit in memory, nor in a picture.
_MOST_DIMENSIONS = 1_000
_MOST_JOINT_CODES = 10_000
_MOST_UNITS, _MOST_LAYERS = 100_000, 100


def check_at_least(group: str, **limits: tuple[float, float]) -> None:
  """Refuses settings of a method that are below their limit.

  Args:
    group: the method's group of the config, for the message; "" for settings
      that several methods share.
    **limits: value and least allowed value of each setting.

  Raises:
    UserError: names the setting, its value and what is expected.
  """
  for name, (value, least) in limits.items():
    is_number = isinstance(value, Real) and math.isfinite(value)
    if not (is_number and value >= least):
      raise UserError(
        f"{_full(group, name)} is {value}; it must be a finite number >= "
        f"{least}"
      )


def check_counts(group: str, **limits: tuple[int, int, int]) -> None:
  """Refuses settings that are no integers within their limits.

  Args:
    group: as for `check_at_least`.
    **limits: value, least and largest allowed value of each setting.

  Raises:
    UserError: names the setting, its value and what is expected.
  """
  for name, (value, least, most) in limits.items():
    if not (isinstance(value, int) and least <= value <= most):
      raise UserError(
        f"{_full(group, name)} is {value}; it must be an integer from {least} "
        f"to {most}"
      )


def _full(group: str, name: str) -> str:
  return f"{group}.{name}" if group else name


def check_common(
  num_continuous: int, learning_rate: float, weight_penalty: float
) -> None:
  """Refuses settings that all methods have; see `check_at_least`."""
  check_counts("", num_continuous=(num_continuous, 1, _MOST_DIMENSIONS))
  check_at_least("", weight_penalty=(weight_penalty, 0))
  if not 0 < learning_rate < math.inf:
    raise UserError(f"learning_rate is {learning_rate}; it must be positive")


def check_discriminator(group: str, units: int, layers: int) -> None:
  """Refuses the hidden layers of a discriminator; see `check_counts`."""
  check_counts(
    group,
    discriminator_units=(units, 1, _MOST_UNITS),
    discriminator_layers=(layers, 1, _MOST_LAYERS),
  )


def check_categories(num_categories: Sequence[int]) -> None:
  """Refuses variables of fewer than two categories, or too many of them."""
  is_sequence = isinstance(num_categories, Sequence)
  if not is_sequence or not all(
    isinstance(size, int) and size >= 2 for size in num_categories
  ):
    raise UserError(
      f"num_categories is {num_categories}; it must name a number of "
      "categories, 2 or more, for each discrete variable: (3,) or (3, 4)"
    )
  if math.prod(num_categories) > _MOST_JOINT_CODES:
    raise UserError(
      f"num_categories is {tuple(num_categories)}; these are "
      f"{math.prod(num_categories)} joint codes, and there may be "
      f"{_MOST_JOINT_CODES} at most"
    )
