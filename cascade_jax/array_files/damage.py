"""What a damaged file raises, as an error of one line that names the file."""

import contextlib
import pathlib
from collections.abc import Iterator

from cascade_jax.errors import UserError


@contextlib.contextmanager
def named(part: str | pathlib.Path) -> Iterator[None]:
  """Turns each exception into a `UserError` that starts with a name.

  Args:
    part: the file, or the array in it, that is read inside.

  Raises:
    UserError: instead of any other exception.
  """
  try:
    yield
  except UserError as error:
    raise UserError(f"{part}: {error}") from error
  except Exception as error:  # damage can raise any exception
    if isinstance(error, OSError) and error.strerror:
      raise UserError(f"{part} can't be read: {error.strerror}") from error
    raise UserError(
      f"{part} is damaged ({_one_line(error)}); copy or create it again"
    ) from error


def _one_line(error: Exception) -> str:
  """Returns the message of an exception, or its type if it has none."""
  return " ".join(str(error).split()) or type(error).__name__
