import json
import math
import random

import pytest

from cascade_jax import config as config_lib
from cascade_jax.errors import UserError
from cascade_jax.runs import json_file, workdir

KIND = json_file.Kind("letter", {"a": int, "b?": [float]}, "ask in {folder}")


@pytest.fixture
def path(tmp_path):
  return tmp_path / "x.json"


def test_content_is_read_as_it_was_written(path):
  content = {"a": 1, "b": [1e-5, math.inf], "c": {"3": None, "2": "\u00e9"}}
  json_file.write(path, KIND, content)
  assert json_file.read(path, KIND) == content
  json_file.write(path, KIND, {"a": 1, "b": [math.nan], "c": {3: (1, 2)}})
  read = json_file.read(path, KIND)
  assert math.isnan(read["b"][0]) and read["c"] == {"3": [1, 2]}
  lines = path.read_text().splitlines()
  assert lines[:2] == ["{", '  "cascade_jax": "letter 1",']  # for a reader


def test_a_file_may_be_indented_otherwise(path):
  json_file.write(path, KIND, {"a": 1})
  path.write_text(json.dumps(json.loads(path.read_text())))
  assert json_file.read(path, KIND) == {"a": 1}


def test_failed_write_leaves_the_old_content(path):
  json_file.write(path, KIND, {"a": 1})
  with pytest.raises(TypeError):
    json_file.write(path, KIND, {"a": object()})
  with pytest.raises(UserError, match="can't have an entry called 'digest'"):
    json_file.write(path, KIND, {"a": 1, "digest": 2})
  assert json_file.read(path, KIND) == {"a": 1}


def test_write_touches_no_other_file(path):
  other = path.with_name("x.partial")
  other.write_text("mine")
  json_file.write(path, KIND, {"a": 1})
  assert other.read_text() == "mine"
  assert sorted(path.parent.iterdir()) == [path, other]


def flips(path, kind, bits):
  """Flips bits of a file one by one; returns how many were refused."""
  whole, content = json_file.read(path, kind), path.read_bytes()
  refused = 0
  for bit in bits:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    path.write_bytes(changed)
    try:
      assert json_file.read(path, kind) == whole, bit
    except UserError as error:
      assert str(path) in str(error)
      refused += 1
  return refused


def test_no_flipped_bit_of_a_small_file_changes_it_unnoticed(path, caplog):
  json_file.write(path, KIND, {"a": 123, "b": [0.5, 1e-7], "c": {"d": "e"}})
  bits = range(8 * path.stat().st_size)
  assert flips(path, KIND, bits) > 0.95 * len(bits)
  assert "earlier version" not in caplog.text


@pytest.mark.parametrize("name", ["config", "run"])
def test_no_flipped_bit_of_a_run_s_files_changes_them_unnoticed(tmp_path, name):
  workdir.record_config(tmp_path, config_lib.default())
  workdir.record_start(tmp_path, 0)
  path = tmp_path / f"{name}.json"
  kind = {"config": workdir.CONFIG, "run": workdir.RUN}[name]
  bits = random.Random(0).sample(range(8 * path.stat().st_size), 300)
  assert flips(path, kind, bits) > 0.9 * len(bits)


@pytest.mark.parametrize(
  ("content", "message"),
  [
    (b"", "x.json is not valid JSON"),
    (b'{"a": ', "x.json is not valid JSON"),
    (b'{"a": "\xff"}', "x.json is not valid JSON .*utf-8"),
    (b"[" * 100_000, "x.json is not valid JSON"),
    (b'{"a": ' + b"[" * 101 + b"]" * 101 + b"}", "more than 100 levels"),
    (b'{"a": ' + b"[" * 980 + b"]" * 980 + b"}", "more than 100 levels"),
    (b'{"a": 1, "b": [' + b"9" * 400 + b"]}", "9... has more than 64 bits"),
    (b'{"a": 1, "c": "\\ud800"}', "x.json is not valid JSON .*surrogates"),
    (b"[1]", "x.json holds a list"),
    (b"{}", "x.json is no valid letter file: a is missing"),
    (b'{"a": "1"}', "x.json is no valid letter file: a is '1', not an int"),
    (b'{"a": 1, "cascade_jax": "letter 1"}', "x.json is damaged"),
    (b'{"a": 1, "digest": "letter 1"}', "x.json is damaged"),
  ],
)
def test_error_names_the_file_and_what_to_do(path, content, message):
  path.write_bytes(content)
  with pytest.raises(UserError, match=f"{message}.*; ask in {path.parent}"):
    json_file.read(path, KIND)


def test_a_cut_off_file_is_refused(path):
  json_file.write(path, KIND, {"a": 1})
  content = path.read_bytes()
  for end in range(len(content) - 1):
    path.write_bytes(content[:end])
    with pytest.raises(UserError, match=r"x\.json"):
      json_file.read(path, KIND)


def test_a_file_of_another_kind_or_none_is_refused(path):
  json_file.write(path, json_file.Kind("list"), {"a": 1})
  with pytest.raises(UserError, match="of the kind 'list 1', not 'letter 1'"):
    json_file.read(path, KIND)
  with pytest.raises(UserError, match=r"none\.json can't be read: No such"):
    json_file.read(path.with_name("none.json"), KIND)
  with pytest.raises(UserError, match="can't be read: Is a directory"):
    json_file.read(path.parent, KIND)


def test_a_file_of_an_earlier_version_is_read_with_one_warning(path, caplog):
  path.write_text('{"a": 1}')
  for _ in range(2):
    assert json_file.read(path, KIND) == {"a": 1}
  assert caplog.text.count("x.json is of an earlier version") == 1
