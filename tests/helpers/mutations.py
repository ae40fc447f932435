"""Damage to files: strategies for changed bytes and for changed JSON."""

import copy
import json

from hypothesis import strategies as st

_MARK = "@value@"
_DEEP = (60, 140, 940, 970, 985, 992, 3_000, 100_000)
# JSON that readers may not expect, as text, since `json` can't write it all.
_ODD_JSON = (
  *("null", "true", "0", "-1", "0.5", "-0.0", "1e999", "-1e999", "NaN"),
  *("9223372036854775808", "9" * 400, "9" * 5_000, '""', '"nan"', '"x"'),
  *('"\\ud800"', '"\\u0000"', '"a\\nb"', "[]", "[null]", "{}", '{"": {}}'),
  *('[[1], 2, "3"]', '{"step": 1}', "Infinity", "1e-400", "[1e400, 0]"),
  *("[" * depth + "]" * depth for depth in _DEEP),
  *('{"a":' * depth + "0" + "}" * depth for depth in _DEEP),
)
_SIZES = (1, 2, 4, 8)  # bytes of numbers in headers
_EDGE = 200  # bytes; headers and directories are at the ends of a file


@st.composite
def damaged(draw, content: bytes, other: bytes = b"") -> bytes:
  """Returns the content of a file after one to three changes.

  Args:
    draw: hypothesis'.
    content: of an undamaged file.
    other: of another file, parts of which may get into this one.
  """
  for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
    change = draw(st.sampled_from(_CHANGES))
    content = change(draw, content, other)
  return content


@st.composite
def damaged_json(draw, content: dict) -> bytes:
  """Returns JSON after one to three changes of its values, types and keys."""
  content = copy.deepcopy(content)
  text = ""
  for _ in range(draw(st.integers(1, 3))):
    parent, key = draw(st.sampled_from(_places(content)))
    change = draw(st.sampled_from(("value", "value", "remove", "rename")))
    if change == "value":
      parent[key] = _MARK
    elif change == "remove":
      del parent[key]
    elif isinstance(parent, dict):
      parent[draw(st.text(max_size=8))] = parent.pop(key)
    if not content:
      break
  text = json.dumps(content)
  while f'"{_MARK}"' in text:
    odd = draw(st.sampled_from(_ODD_JSON))
    text = text.replace(f'"{_MARK}"', odd, 1)
  if draw(st.integers(0, 9)) == 9:  # a key that comes twice
    key = draw(st.sampled_from(sorted(content) or ["a"]))
    odd = draw(st.sampled_from(_ODD_JSON))
    text = text.replace("{", f"{{{json.dumps(key)}: {odd}, ", 1)
  return text.encode()


def _places(value, found=None) -> list[tuple]:
  """Returns all (list or dict, key) in a JSON value; one if it is empty."""
  found = [] if found is None else found
  items = value.items() if isinstance(value, dict) else enumerate(value)
  for key, item in items:
    found.append((value, key))
    if isinstance(item, dict | list):
      _places(item, found)
  return found


def _place(draw, content: bytes) -> int:
  """Draws a place, often one of those near the ends of the file."""
  last = len(content)
  anywhere = st.integers(0, last)
  start = st.integers(0, min(_EDGE, last))
  end = st.integers(max(last - _EDGE, 0), last)
  return draw(st.one_of(anywhere, start, end))


def _slice(draw, content: bytes) -> slice:
  start = _place(draw, content)
  return slice(start, start + draw(st.integers(1, 64)))


def _flipped(draw, content: bytes, other: bytes) -> bytes:
  place, bit = _place(draw, content), draw(st.integers(0, 7))
  piece = bytes(byte ^ 1 << bit for byte in content[place : place + 1])
  return content[:place] + piece + content[place + 1 :]


def _replaced(draw, content: bytes, other: bytes) -> bytes:
  place = _slice(draw, content)
  count = len(content[place])
  piece = draw(st.binary(min_size=count, max_size=count))
  return content[: place.start] + piece + content[place.stop :]


def _cut(draw, content: bytes, other: bytes) -> bytes:
  place = _slice(draw, content)
  return content[: place.start] + content[place.stop :]


def _truncated(draw, content: bytes, other: bytes) -> bytes:
  return content[: _place(draw, content)]


def _inserted(draw, content: bytes, other: bytes) -> bytes:
  place = _place(draw, content)
  piece = draw(st.binary(min_size=1, max_size=64))
  return content[:place] + piece + content[place:]


def _duplicated(draw, content: bytes, other: bytes) -> bytes:
  place, source = _place(draw, content), _slice(draw, content)
  return content[:place] + content[source] + content[place:]


def _swapped(draw, content: bytes, other: bytes) -> bytes:
  first, second, third = sorted(_place(draw, content) for _ in range(3))
  return (
    content[:first]
    + content[second:third]
    + content[first:second]
    + content[third:]
  )


def _mixed(draw, content: bytes, other: bytes) -> bytes:
  """Continues with another file, as after a wrong recovery of a disk."""
  return content[: _place(draw, content)] + other[_place(draw, other) :]


def _renumbered(draw, content: bytes, other: bytes) -> bytes:
  """Writes an extreme number where one of a header may be."""
  place, size = _place(draw, content), draw(st.sampled_from(_SIZES))
  bits = 8 * size
  numbers = (0, 1, 2**bits - 1, 2 ** (bits - 1), 2 ** (bits - 1) - 1)
  number = draw(st.sampled_from((*numbers, 2 ** (bits // 2), 2 ** (bits - 2))))
  order = draw(st.sampled_from(("little", "big")))
  piece = number.to_bytes(size, order)
  return content[:place] + piece + content[place + size :]


def _zeroed(draw, content: bytes, other: bytes) -> bytes:
  """Zeros from a place on, as a power cut leaves what was not flushed."""
  place = _place(draw, content)
  return content[:place] + bytes(len(content) - place)


def _relined(draw, content: bytes, other: bytes) -> bytes:
  """Takes a whole line to another place, also to several or to none."""
  lines = content.splitlines(keepends=True)
  places = st.integers(0, max(len(lines) - 1, 0))
  moved = lines[(source := draw(places)) : source + 1]
  del lines[source : source + 1]
  for place in draw(st.lists(places, max_size=2)):
    lines[place:place] = moved
  return b"".join(lines)


_CHANGES = (
  _flipped,
  _flipped,
  _flipped,
  _replaced,
  _cut,
  _truncated,
  _inserted,
  _duplicated,
  _swapped,
  _mixed,
  _renumbered,
  _renumbered,
  _zeroed,
  _relined,
)
