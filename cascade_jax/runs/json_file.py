"""JSON files that say what they are, and whether they are damaged.

The first entry of a file, "cascade_jax", names its kind and the version of this
layout; the last one, "digest", is the BLAKE2 of all others. Files of earlier
versions have neither entry: they are read with a warning, since damage to their
values can't be noticed. A flipped bit can't make another file look like these,
for both entries would have to go.
"""

import functools
import hashlib
import json
import pathlib
import shlex
from collections.abc import Iterable
from typing import Any, NamedTuple

from absl import logging

from cascade_jax import atomic
from cascade_jax.errors import UserError
from cascade_jax.runs.schema import Schema, fault

_KIND, _DIGEST = "cascade_jax", "digest"
_VERSION = 1
_DEEPEST = 100  # levels of lists and objects; ours have seven
_TOO_DEEP = f"it has more than {_DEEPEST} levels"


class Kind(NamedTuple):
  """A kind of JSON file.

  Attributes:
    name: of the kind, one word.
    fields: the names and types that readers rely on; see `schema`.
    remedy: what to do about a file that can't be read; "{path}" and "{folder}"
      stand for the file and its folder.
  """

  name: str
  fields: Schema = dict
  remedy: str = "make it again with the command that wrote it"


def read(path: pathlib.Path, kind: Kind) -> dict[str, Any]:
  """Reads a file that `write` wrote.

  Returns:
    Its content, without the two entries that `write` added.

  Raises:
    UserError: the file is damaged, of another kind, or lacks an entry; the
      message names it and says what to do.
  """
  try:
    content = read_object(path)
    if _KIND in content or _DIGEST in content:
      _check_marks(path, content, kind)
    else:
      warn_unchecked(path)
    if wrong := fault(content, kind.fields):
      raise UserError(f"{path} is no valid {kind.name} file: {wrong}")
  except UserError as error:
    words = {"path": path, "folder": path.parent}
    quoted = {key: shlex.quote(str(value)) for key, value in words.items()}
    raise UserError(f"{error}; {kind.remedy.format(**quoted)}") from error
  return content


def write(path: pathlib.Path, kind: Kind, content: dict[str, Any]) -> None:
  """Writes a file atomically: the old content or all of the new.

  Raises:
    UserError: the file can't be written, or the content has an entry of a name
      that is added here.
  """
  if taken := {_KIND, _DIGEST} & content.keys():
    raise UserError(f"{path} can't have an entry called {taken.pop()!r}")
  content = {_KIND: f"{kind.name} {_VERSION}", **content}
  content[_DIGEST] = digest(content)
  atomic.write(path, f"{json.dumps(content, indent=2)}\n".encode())


def read_object(path: pathlib.Path) -> dict[str, Any]:
  """Reads the object in any JSON file, also of another program.

  Raises:
    UserError: the file can't be read, or holds anything but a JSON object; the
      message names it.
  """
  text = read_bytes(path)
  try:
    content = parsed(text)
  except ValueError as error:
    raise UserError(f"{path} is not valid JSON ({error})") from error
  if not isinstance(content, dict):
    kind = type(content).__name__
    raise UserError(f"{path} holds a {kind}, not a JSON object")
  return content


def parsed(content: bytes) -> Any:
  """Parses JSON of which all values can be computed with and written again.

  Raises:
    ValueError: it is no JSON in UTF-8, or has an integer of more than 64 bits,
      half of a character (a lone surrogate) or more than 100 levels.
  """
  try:
    value = json.loads(content.decode(), parse_int=_int64)
  except RecursionError as error:
    raise ValueError(_TOO_DEEP) from error
  layer = [value]
  for _ in range(_DEEPEST):
    layer = [item for each in layer for item in _items(each)]
  if layer:
    raise ValueError(_TOO_DEEP)
  json.dumps(value, ensure_ascii=False).encode()  # refuses half characters
  return value


def read_bytes(path: pathlib.Path) -> bytes:
  """Returns what a file holds; a `UserError` names one that can't be read."""
  try:
    return path.read_bytes()
  except OSError as error:
    raise UserError(f"{path} can't be read: {error.strerror}") from error


@functools.cache  # one warning a file
def warn_unchecked(path: pathlib.Path) -> None:
  """Warns that a file has no digest."""
  logging.warning(
    "%s is of an earlier version of cascade_jax and has no digest: whether it "
    "is damaged can't be told",
    path,
  )


def digest(content: dict[str, Any], size: int = 16) -> str:
  """Returns the BLAKE2 of an object as JSON without spaces, in hexadecimal.

  It is the same for what `json.loads` makes of the object's JSON.

  Args:
    content: of JSON types.
    size: of the digest, bytes.
  """
  text = json.dumps(content, separators=(",", ":"))
  return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()


def _int64(digits: str) -> int:
  value = int(digits)
  if not -(2**63) <= value < 2**63:
    raise ValueError(f"the integer {digits[:20]}... has more than 64 bits")
  return value


def _items(value: Any) -> Iterable[Any]:
  """Returns what is in a list or an object; nothing is in other values."""
  if isinstance(value, dict):
    return value.values()
  return value if isinstance(value, list) else ()


def _check_marks(path: pathlib.Path, content: dict, kind: Kind) -> None:
  """Takes the two entries of `write` out of the content, and checks them."""
  found = content.pop(_DIGEST, None)
  if found != digest(content):
    raise UserError(
      f"{path} is damaged: its digest does not match what it holds"
    )
  expected, name = f"{kind.name} {_VERSION}", content.pop(_KIND, None)
  if name != expected:
    raise UserError(f"{path} is of the kind {name!r}, not {expected!r}")
