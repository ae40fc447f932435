"""Files that are written as a whole or not at all."""

import pathlib


def write(path: pathlib.Path, content: bytes) -> None:
  """Writes a file atomically: the old content stays until all is written."""
  partial = path.with_name(f".{path.name}.partial")
  partial.write_bytes(content)
  partial.replace(path)
