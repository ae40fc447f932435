"""Checks of a method's keyword arguments."""

import math
from collections.abc import Sequence

from cascade_jax.errors import UserError


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
    if not (math.isfinite(value) and value >= least):
      raise UserError(
        f"{group}{'.' * bool(group)}{name} is {value}; it must be a finite "
        f"number >= {least}"
      )


def check_common(
  num_continuous: int, learning_rate: float, weight_penalty: float
) -> None:
  """Refuses settings that all methods have; see `check_at_least`."""
  check_at_least(
    "", num_continuous=(num_continuous, 1), weight_penalty=(weight_penalty, 0)
  )
  if not 0 < learning_rate < math.inf:
    raise UserError(f"learning_rate is {learning_rate}; it must be positive")


def check_categories(num_categories: Sequence[int]) -> None:
  """Refuses discrete variables of fewer than two categories."""
  is_sequence = isinstance(num_categories, Sequence)
  if not is_sequence or not all(
    isinstance(size, int) and size >= 2 for size in num_categories
  ):
    raise UserError(
      f"num_categories is {num_categories}; it must name a number of "
      "categories, 2 or more, for each discrete variable: (3,) or (3, 4)"
    )
