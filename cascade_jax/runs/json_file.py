"""JSON files that are written atomically and name themselves in errors."""

import json
import pathlib

from cascade_jax.errors import UserError
from cascade_jax.runs import atomic


def read(path: pathlib.Path) -> dict:
  """Reads the object in a JSON file.

  Raises:
    UserError: the file can't be read, or holds anything but a JSON object; the
      message names it.
  """
  try:
    content = json.loads(path.read_text(encoding="utf-8"))
  except OSError as error:
    raise UserError(f"{path} can't be read ({error.strerror})") from error
  except ValueError as error:
    raise UserError(f"{path} is not valid JSON ({error})") from error
  if not isinstance(content, dict):
    kind = type(content).__name__
    raise UserError(f"{path} holds a {kind}, not a JSON object")
  return content


def write(path: pathlib.Path, content: dict) -> None:
  """Writes a JSON file atomically: the old content or all of the new."""
  atomic.write(path, f"{json.dumps(content, indent=2)}\n".encode())
