"""Errors that the user can correct.

Commands print them as one line; every other exception keeps its traceback,
because it is a bug in this package or in a method of the user's own.
"""


class UserError(ValueError):
  """A wrong value, file or setting; the message says what to do about it."""


class UndefinedMetricError(UserError):
  """A metric is not defined for the codes and factors that it was given."""


class DivergenceError(UserError, FloatingPointError):
  """A loss of the training run became NaN or infinite."""
