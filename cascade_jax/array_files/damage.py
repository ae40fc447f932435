"""What a damaged file raises, as an error of one line that names the file."""

import contextlib
import pathlib
from collections.abc import Iterator

from cascade_jax.errors import UserError, one_line


@contextlib.contextmanager
def prefixed(part: str | pathlib.Path) -> Iterator[None]:
  """Puts a name before the message of a `UserError`, and lets others pass."""
  try:
    yield
  except UserError as error:
    raise UserError(f"{part}: {error}") from error


@contextlib.contextmanager
def named(part: str | pathlib.Path) -> Iterator[None]:
  """Turns each exception into a `UserError` that starts with a name.

  Args:
    part: the file, or the array in it, that is read inside.

  Raises:
    UserError: instead of any other exception.
  """
  try:
    with prefixed(part):
      yield
  except UserError:
    raise
  except Exception as error:  # damage can raise any exception
    if isinstance(error, OSError) and error.strerror:
      raise UserError(f"{part} can't be read: {error.strerror}") from error
    raise UserError(
      f"{part} is damaged ({one_line(error)}); copy or create it again"
    ) from error
