"""The log's file: what is refused, and what can be saved of a damaged one."""

import json
import random

import pytest

from cascade_jax.errors import UserError
from cascade_jax.runs import json_file, log_file

STEPS = range(50, 450, 50)


def log_entry(step):
  return {
    "step": step,
    "phase": step // 100,
    "discrete": step > 200,
    "loss": 157.60769653320312 / step,
    "kl": [5.360154151916504, 1e-05, float("inf")],
    "steps_per_second": 44.6,
    "elapsed": step / 44.6,
  }


@pytest.fixture
def path(tmp_path):
  """A log of eight lines."""
  path = tmp_path / log_file.NAME
  log_file.write(path, map(log_entry, STEPS))
  return path


def entries(path):
  return log_file.read(path.parent)


def flipped(content, bit):
  changed = bytearray(content)
  changed[bit // 8] ^= 1 << bit % 8
  return bytes(changed)


def test_each_line_is_an_object_that_other_programs_read(path):
  lines = path.read_text().splitlines()
  for line, step in zip(lines, STEPS, strict=True):
    content = json.loads(line)
    assert list(content)[-1] == "digest" and len(content["digest"]) == 16
    del content["digest"]
    assert content == {**log_entry(step), "line": step // 50}
  pandas = pytest.importorskip("pandas")
  table = pandas.read_json(path, lines=True)
  assert table["step"].tolist() == list(STEPS)


def test_a_log_is_read_as_it_was_written(path):
  assert entries(path) == [log_entry(step) for step in STEPS]
  assert log_file.read(path.parent / "none") == []
  log_file.write(path, [])
  assert entries(path) == []


def test_no_flipped_bit_changes_a_value_unnoticed(path):
  """Every bit of the last line, and some hundreds of the others."""
  whole, content = entries(path), path.read_bytes()
  start = 8 * content.rindex(b"\n", 0, -1)
  bits = random.Random(0).sample(range(start), 400)
  refused = 0
  for bit in [*bits, *range(start, 8 * len(content))]:
    path.write_bytes(flipped(content, bit))
    try:
      assert entries(path) == whole, bit
    except UserError as error:
      assert str(path) in str(error)
      refused += 1
  assert refused > 0.95 * (400 + 8 * len(content) - start)


@pytest.mark.parametrize("step", [50, 400])
def test_no_flipped_bit_makes_a_line_look_like_one_of_an_earlier_version(
  path, step
):
  """In a log of one line no other tells that digests are to be expected."""
  log_file.write(path, [log_entry(step)])
  whole, content = entries(path), path.read_bytes()
  for bit in range(8 * len(content)):
    path.write_bytes(flipped(content, bit))
    try:
      assert entries(path) == whole, bit
    except UserError as error:
      assert str(path) in str(error)


def test_only_a_last_line_that_is_cut_off_is_left_out(path, caplog):
  content = path.read_bytes()
  start = content.rindex(b"\n", 0, -1) + 1
  for end in range(start + 1, len(content) - 1):
    caplog.clear()
    path.write_bytes(content[:end])
    assert [entry["step"] for entry in entries(path)] == list(STEPS)[:-1]
    assert "the last line is cut off, and left out" in caplog.text
  path.write_bytes(content[:-1])  # only the end of the line is missing
  assert len(entries(path)) == len(STEPS)


@pytest.mark.parametrize(
  "third",
  [
    b"",
    b"[1]",
    b"{}",
    b"\0" * 300,
    b'{"step": 150, "ph',
    b'{"step": 150, "\xff": 1}',
    json.dumps(log_entry(150)).encode(),
    json.dumps({**log_entry(150), "digest": "0123456789abcdef"}).encode(),
  ],
)
def test_a_damaged_line_is_refused_and_takes_no_other_with_it(
  path, third, caplog
):
  lines = path.read_bytes().splitlines(keepends=True)
  damaged = b"".join([*lines[:2], third + b"\n", *lines[3:]])
  path.write_bytes(damaged)
  with pytest.raises(
    UserError, match="8 lines.*: line 3 after .*--rebuild_log"
  ):
    entries(path)
  assert path.read_bytes() == damaged
  log_file.rebuild(path.parent)
  assert entries(path) == [log_entry(s) for s in STEPS if s != 150]
  assert path.with_name(f"{path.name}.damaged_1").read_bytes() == damaged
  assert "1 are lost (line 3 after step 100)" in caplog.text
  assert "kept as metrics.jsonl.damaged_1" in caplog.text


def test_lines_that_come_twice_or_in_another_order_are_refused(path):
  first, second, *others = path.read_bytes().splitlines(keepends=True)
  for lines in ([first, second, second], [second, first]):
    path.write_bytes(b"".join([*lines, *others]))
    with pytest.raises(UserError, match="metrics.jsonl is damaged"):
      entries(path)
  log_file.rebuild(path.parent)
  assert len(entries(path)) == len(STEPS) - 1


@pytest.mark.parametrize(
  ("removed", "message"),
  [
    (slice(0, 1), "8 lines, .*: line 1 after step 0."),
    (slice(2, 5), "8 lines, .*: lines 3 to 5 after step 100."),
  ],
)
def test_whole_lines_that_are_gone_are_missed(path, removed, message, caplog):
  lines = path.read_bytes().splitlines(keepends=True)
  steps = list(STEPS)
  del lines[removed], steps[removed]
  path.write_bytes(b"".join(lines))
  with pytest.raises(UserError, match=message):
    entries(path)
  log_file.rebuild(path.parent)
  assert entries(path) == [log_entry(step) for step in steps]
  assert f" {8 - len(steps)} are lost (line" in caplog.text


def test_a_line_that_is_too_much_is_refused_and_left_out(path):
  content = path.read_bytes()
  end = content.index(b"\n") + 1
  path.write_bytes(content[:end] + b"other\n" + content[end:])
  with pytest.raises(UserError, match="none, but there are others between"):
    entries(path)
  log_file.rebuild(path.parent)
  assert path.read_bytes() == content


def test_a_log_without_numbers_is_read(path):
  """As versions wrote it that had digests already."""
  lines = []
  for step in STEPS:
    digest = json_file.digest(log_entry(step), 8)
    lines.append(json.dumps({**log_entry(step), "digest": digest}) + "\n")
  path.write_text("".join(lines))
  assert entries(path) == [log_entry(step) for step in STEPS]
  path.write_text("".join([*lines[:2], lines[2].replace("150", "151", 1)]))
  log_file.rebuild(path.parent)
  assert len(entries(path)) == 3  # the bit is corrected


def test_no_wrong_bit_is_looked_for_in_a_line_that_is_too_long(path):
  """It would take hours in a megabyte."""
  path.write_bytes(b'{"step": 1, ' + b'"x' * 500_000 + b"\n")
  log_file.rebuild(path.parent)
  assert entries(path) == []


def test_a_wrong_bit_is_corrected(path, caplog):
  whole, content = entries(path), path.read_bytes()
  end_of_line = 8 * content.index(b"\n")
  last_bits = range(8 * len(content) - 8, 8 * len(content))
  some = random.Random(1).sample(range(8 * len(content)), 8)
  merged = 8 * content.rindex(b"\n", 0, -1)  # the last two lines
  for bit in [*some, end_of_line, end_of_line + 6, merged, *last_bits]:
    path.write_bytes(flipped(content, bit))
    log_file.rebuild(path.parent)
    assert entries(path) == whole, bit
    assert f"of {len(STEPS)} lines, 1 had a wrong bit" in caplog.text
    assert " 0 are lost" in caplog.text
    caplog.clear()
  backups = list(path.parent.glob("*.damaged_*"))
  assert len(backups) >= 10  # each under a name of its own


def test_an_undamaged_log_is_left_alone(path):
  before = path.stat().st_mtime_ns
  log_file.rebuild(path.parent)
  log_file.rebuild(path.parent / "none")
  assert path.stat().st_mtime_ns == before
  assert list(path.parent.iterdir()) == [path]


def test_a_log_of_an_earlier_version_is_read_with_one_warning(path, caplog):
  lines = [json.dumps(log_entry(step)) + "\n" for step in STEPS]
  path.write_text("".join(lines))
  for _ in range(2):
    assert entries(path) == [log_entry(step) for step in STEPS]
  assert caplog.text.count("metrics.jsonl is of an earlier version") == 1
  path.write_text("".join([*lines[:3], lines[3][9:], *lines[4:]]))
  with pytest.raises(UserError, match="of its 8 lines, .*: line 4 after"):
    entries(path)
  log_file.rebuild(path.parent)
  assert len(entries(path)) == len(STEPS) - 1
