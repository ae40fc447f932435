"""Errors that the user can correct.

Commands print them as one line; every other exception keeps its traceback,
because it is a bug in this package or in a method of the user's own.
"""

import textwrap


class UserError(ValueError):
  """A wrong value, file or setting; the message says what to do about it."""


class UndefinedMetricError(UserError):
  """A metric is not defined for the codes and factors that it was given."""


class DivergenceError(UserError, FloatingPointError):
  """A loss of the training run became NaN or infinite."""


def one_line(error: Exception) -> str:
  """Returns the message of any exception as one line of at most 300 characters.

  It is the exception's type if there is no message.
  """
  text = textwrap.shorten(str(error), 300, placeholder=" ...")
  return text or type(error).__name__
