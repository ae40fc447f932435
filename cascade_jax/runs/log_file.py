"""The file `metrics.jsonl`: one JSON object a line, numbered, with a digest.

Each logged step has one line, its log entry, and each step has it once, even if
the run was killed and resumed. The last two items of a line are "line", its
number from 1, by which a line that is gone is missed; and "digest", the BLAKE2
(8 bytes) of the others. Logs of earlier versions have no numbers, or neither:
they are read, and get both when the run is resumed. Without digests, a warning
says that damage can't be told.
"""

import itertools
import json
import pathlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from absl import logging

from cascade_jax import atomic
from cascade_jax.errors import UserError
from cascade_jax.runs import json_file
from cascade_jax.runs.schema import fault

NAME = "metrics.jsonl"

_NUMBER, _DIGEST, _SIZE = "line", "digest", 8
_FIELDS = {
  "step": int,
  "steps_per_second": float,
  "elapsed": float,
  f"{_NUMBER}?": int,
}
_LAST_FIELD = "elapsed"  # of a line of an earlier version
# Bytes; in a longer line no wrong bit is looked for, since that takes a time
# that grows with the square of the length. Lines have about a thousand.
_LONGEST = 2**13


class _Line(NamedTuple):
  """A line of the file."""

  number: int  # by its place where none was written, as in damaged lines
  content: bytes
  entry: dict | None  # None if it is damaged
  has_digest: bool


class _Parsed(NamedTuple):
  """What a line says; `entry` is None if it isn't what was written."""

  entry: dict | None
  number: int | None = None
  has_digest: bool = False

  @property
  def marks(self) -> int:
    """How many of the two marks, number and digest, the line has."""
    return (self.number is not None) + self.has_digest


def line(entry: dict, number: int) -> bytes:
  """Returns the line of a log entry; the first one's number is 1."""
  entry = {**entry, _NUMBER: number}
  digest = json_file.digest(entry, _SIZE)
  return f"{json.dumps({**entry, _DIGEST: digest})}\n".encode()


def write(path: pathlib.Path, entries: Iterable[dict]) -> None:
  """Writes a whole log atomically."""
  atomic.write(path, b"".join(map(line, entries, itertools.count(1))))


def read(folder: pathlib.Path) -> list[dict]:
  """Reads the log entries of a run, without their numbers and digests.

  A last line that is cut off, as by a kill, is left out with a log line.

  Returns:
    The entries in the order of their steps; empty if there is no file.

  Raises:
    UserError: a line is damaged, or one before the last is missing; the message
      names it and the remedy.
  """
  path = folder / NAME
  lines = _lines(path)
  gaps = _gaps(lines)
  if gaps or not _are_whole(lines):
    raise UserError(
      f"{path} is damaged: of its {lines[-1].number} lines, these are missing "
      "or not what was written: "
      f"{_some(gaps) or 'none, but there are others between them'}. The flag "
      "--rebuild_log of the commands train and evaluate saves what is left, "
      "and keeps this file under another name"
    )
  if lines and not lines[0].has_digest:
    json_file.warn_unchecked(path)
  return [each.entry for each in lines if each.entry is not None]


def rebuild(folder: pathlib.Path) -> None:
  """Replaces a damaged log by what can be saved of it; keeps it as a backup.

  Whole lines stay as they are, but for their numbers. A line in which a single
  bit is wrong is corrected: there is only one bit whose change makes its digest
  right. Lines with more damage are lost, and a warning says between which steps
  they were.

  Args:
    folder: of a run, which this process has claimed. An undamaged log, and a
      folder without one, are left alone.
  """
  path = folder / NAME
  lines = _lines(path)
  if _are_whole(lines) and not _gaps(lines):
    return
  saved: list[_Line] = []
  num_corrected = 0
  for each in lines:
    found = [each] if each.entry else _corrected(each)
    if _ascend([*saved[-1:], *found]):
      saved += found
      num_corrected += bool(found) and each.entry is None
  backup = _free_name(path)
  atomic.write(backup, json_file.read_bytes(path))
  write(path, [each.entry for each in saved if each.entry])
  num_lines = max(each.number for each in [*saved, lines[-1]])
  lost = _gaps([*saved, lines[-1]])
  logging.warning(
    "%s is rebuilt: of %d lines, %d had a wrong bit, which is corrected, and "
    "%d are lost%s; the damaged file is kept as %s",
    path,
    num_lines,
    num_corrected,
    num_lines - len(saved),
    f" ({_some(lost)})" if lost else "",
    backup.name,
  )


def _lines(path: pathlib.Path) -> list[_Line]:
  """Returns the lines of a file, but a last one that is cut off.

  A line is damaged, too, if its step or its number isn't greater than those
  before, or if it lacks a mark that others have.
  """
  if not path.exists():
    return []
  *whole, last = json_file.read_bytes(path).split(b"\n")
  if last and _is_cut_off(last):
    logging.warning("%s: the last line is cut off, and left out", path)
  elif last:
    whole.append(last)
  parsed = [_parsed(content) for content in whole]
  marks = max((each.marks for each in parsed), default=0)
  lines: list[_Line] = []
  before, place = _Line(0, b"", {"step": -1}, False), 0  # the last whole one
  for content, each in zip(whole, parsed):
    place += 1
    found = _Line(each.number or place, content, each.entry, each.has_digest)
    if each.marks == marks and _ascend([before, found]):
      before, place = found, found.number
    else:
      found = found._replace(number=place, entry=None)
    lines.append(found)
  return lines


def _are_whole(lines: list[_Line]) -> bool:
  return all(each.entry is not None for each in lines)


def _ascend(lines: list[_Line]) -> bool:
  """Returns whether lines are whole, and in the order of numbers and steps."""
  entries = [each.entry for each in lines if each.entry]
  return len(entries) == len(lines) and all(
    first.number < second.number and a["step"] < b["step"]
    for (first, second), (a, b) in zip(
      itertools.pairwise(lines), itertools.pairwise(entries)
    )
  )


def _gaps(lines: list[_Line]) -> list[str]:
  """Returns which numbers no whole line has, up to that of the last line."""
  gaps, last, step = [], 0, 0
  whole = [(each.number, each.entry) for each in lines if each.entry]
  end = lines[-1].number + 1 if lines else 1
  for number, entry in [*whole, (end, {"step": 0})]:
    if number == last + 2:
      gaps.append(f"line {last + 1} after step {step}")
    elif number > last + 2:
      gaps.append(f"lines {last + 1} to {number - 1} after step {step}")
    last, step = number, entry["step"]
  return gaps


def _is_cut_off(content: bytes) -> bool:
  """Returns whether a line is the beginning of an object, without its end."""
  try:
    json.JSONDecoder().raw_decode(content.decode("ascii", "replace"))
  except (ValueError, RecursionError):
    return True
  return False


def _parsed(content: bytes) -> _Parsed:
  """Returns what a line says.

  A line of an earlier version ends with another field than a damaged line of
  this one.
  """
  try:
    entry = json_file.parsed(content)
  except ValueError:
    return _Parsed(None)
  if not isinstance(entry, dict) or fault(entry, _FIELDS):
    return _Parsed(None)
  *_, last = entry
  if last != _DIGEST:
    return _Parsed(entry if last == _LAST_FIELD else None)
  if entry.pop(_DIGEST) != json_file.digest(entry, _SIZE):
    return _Parsed(None, has_digest=True)
  return _Parsed(entry, entry.pop(_NUMBER, None), has_digest=True)


def _corrected(damaged: _Line) -> list[_Line]:
  """Returns a line after the change of one bit, or none.

  They are several if the bit was of the end of a line.
  """
  if len(damaged.content) > _LONGEST:
    return []
  for bit in range(8 * len(damaged.content)):
    changed = bytearray(damaged.content)
    changed[bit // 8] ^= 1 << bit % 8
    parts = [part for part in bytes(changed).split(b"\n") if part]
    parsed = [_parsed(part) for part in parts]
    if parsed and all(each.entry and each.has_digest for each in parsed):
      return [
        _Line(each.number or place, part, each.entry, True)
        for place, (part, each) in enumerate(zip(parts, parsed), damaged.number)
      ]
  return []


def _free_name(path: pathlib.Path) -> pathlib.Path:
  """Returns a name for a backup that no file has yet."""
  names = (
    path.with_name(f"{path.name}.damaged_{k}") for k in itertools.count(1)
  )
  return next(name for name in names if not name.exists())


def _some(items: Sequence[str]) -> str:
  """Returns the first of many items as text."""
  return ", ".join(items[:5]) + ", ..." * (len(items) > 5)
