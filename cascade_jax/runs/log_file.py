"""The file `metrics.jsonl`: one JSON object a line, each with a digest.

Each logged step has one line, its log entry, and each step has it once, even if
the run was killed and resumed. The last item of a line, "digest", is the BLAKE2
(8 bytes) of the others. Logs of earlier versions have no digests: they are read
with a warning, and get digests when the run is resumed.
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

_DIGEST, _SIZE = "digest", 8
_FIELDS = {"step": int, "steps_per_second": float, "elapsed": float}
_LAST_FIELD = "elapsed"  # of a line of an earlier version


class _Line(NamedTuple):
  """A line of the file; `entry` is None if it is damaged."""

  number: int  # from 1
  content: bytes
  entry: dict | None
  has_digest: bool


def line(entry: dict) -> bytes:
  """Returns the line of a log entry."""
  digest = json_file.digest(entry, _SIZE)
  return f"{json.dumps({**entry, _DIGEST: digest})}\n".encode()


def write(path: pathlib.Path, entries: Iterable[dict]) -> None:
  """Writes a whole log atomically."""
  atomic.write(path, b"".join(map(line, entries)))


def read(folder: pathlib.Path) -> list[dict]:
  """Reads the log entries of a run, without their digests.

  A last line that is cut off, as by a kill, is left out with a log line.

  Returns:
    The entries in the order of their steps; empty if there is no file.

  Raises:
    UserError: a line is damaged; the message names it and the remedy.
  """
  path = folder / NAME
  lines = _lines(path)
  damaged = [str(each.number) for each in lines if each.entry is None]
  if damaged:
    raise UserError(
      f"{path} is damaged: of its {len(lines)} lines, {len(damaged)} are not "
      f"what was written ({_some(damaged)}). The flag --rebuild_log of the "
      "commands train and evaluate saves the others, and keeps this file under "
      "another name"
    )
  if lines and not lines[0].has_digest:
    json_file.warn_unchecked(path)
  return [each.entry for each in lines if each.entry is not None]


def rebuild(folder: pathlib.Path) -> None:
  """Replaces a damaged log by what can be saved of it; keeps it as a backup.

  Whole lines stay as they are. A line in which a single bit is wrong is
  corrected: there is only one bit whose change makes its digest right. Lines
  with more damage are lost, and a warning says between which steps they were.

  Args:
    folder: of a run, which this process has claimed. An undamaged log, and a
      folder without one, are left alone.
  """
  path = folder / NAME
  lines = _lines(path)
  if all(each.entry is not None for each in lines):
    return
  saved: list[dict] = []
  lost, num_corrected = [], 0
  for each in lines:
    if each.entry is None:
      entries = _ascending(_corrected(each.content), saved)
      num_corrected += bool(entries)
    else:
      entries = [each.entry]
    saved += entries
    if not entries:
      lost.append(f"line {each.number} after step {max(_last_step(saved), 0)}")
  backup = _free_name(path)
  atomic.write(backup, json_file.read_bytes(path))
  write(path, saved)
  logging.warning(
    "%s is rebuilt: of %d lines, %d had a wrong bit, which is corrected, and "
    "%d are lost%s; the damaged file is kept as %s",
    path,
    len(lines),
    num_corrected,
    len(lost),
    f" ({_some(lost)})" if lost else "",
    backup.name,
  )


def _lines(path: pathlib.Path) -> list[_Line]:
  """Returns the lines of a file, but a last one that is cut off.

  A line is damaged, too, if its step isn't greater than those before.
  """
  if not path.exists():
    return []
  *whole, last = json_file.read_bytes(path).split(b"\n")
  if last and _is_cut_off(last):
    logging.warning("%s: the last line is cut off, and left out", path)
  elif last:
    whole.append(last)
  parsed = [_parsed(content) for content in whole]
  has_digests = any(has_digest for _, has_digest in parsed)
  lines, step = [], -1
  for number, (content, (entry, has_digest)) in enumerate(
    zip(whole, parsed), start=1
  ):
    if entry and (has_digest != has_digests or entry["step"] <= step):
      entry = None
    step = entry["step"] if entry else step
    lines.append(_Line(number, content, entry, has_digest))
  return lines


def _is_cut_off(content: bytes) -> bool:
  """Returns whether a line is the beginning of an object, without its end."""
  try:
    json.JSONDecoder().raw_decode(content.decode("ascii", "replace"))
  except (ValueError, RecursionError):
    return True
  return False


def _parsed(content: bytes) -> tuple[dict | None, bool]:
  """Returns the entry of a line, None if it is damaged; and if it has a digest.

  A line of an earlier version ends with another field than a damaged line of
  this one.
  """
  try:
    entry = json.loads(content)
  except (ValueError, RecursionError):
    return None, False
  if not isinstance(entry, dict) or fault(entry, _FIELDS):
    return None, False
  *_, last = entry
  if last == _DIGEST:
    found = entry.pop(_DIGEST)
    return (entry if found == json_file.digest(entry, _SIZE) else None), True
  return (entry if last == _LAST_FIELD else None), False


def _corrected(content: bytes) -> list[dict]:
  """Returns the entries of a line after the change of one bit, or none.

  They are several if the bit was of the end of a line.
  """
  for bit in range(8 * len(content)):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    parts = bytes(changed).split(b"\n")
    parsed = [_parsed(part) for part in parts if part]
    if parsed and all(entry and has_digest for entry, has_digest in parsed):
      return [entry for entry, _ in parsed if entry]
  return []


def _ascending(entries: list[dict], earlier: list[dict]) -> list[dict]:
  """Returns the entries if their steps come after the earlier ones."""
  steps = [_last_step(earlier), *(entry["step"] for entry in entries)]
  return entries if steps == sorted(set(steps)) else []


def _last_step(entries: list[dict]) -> int:
  return entries[-1]["step"] if entries else -1


def _free_name(path: pathlib.Path) -> pathlib.Path:
  """Returns a name for a backup that no file has yet."""
  names = (
    path.with_name(f"{path.name}.damaged_{k}") for k in itertools.count(1)
  )
  return next(name for name in names if not name.exists())


def _some(items: Sequence[str]) -> str:
  """Returns the first of many items as text."""
  return ", ".join(items[:5]) + ", ..." * (len(items) > 5)
