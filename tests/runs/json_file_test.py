import pytest

from cascade_jax.errors import UserError
from cascade_jax.runs import json_file


def test_failed_write_leaves_the_old_content(tmp_path):
  path = tmp_path / "x.json"
  json_file.write(path, {"a": 1})
  with pytest.raises(TypeError):
    json_file.write(path, {"a": object()})
  assert json_file.read(path) == {"a": 1}


def test_write_touches_no_other_file(tmp_path):
  other = tmp_path / "x.partial"
  other.write_text("mine")
  json_file.write(tmp_path / "x.json", {"a": 1})
  assert other.read_text() == "mine"
  assert sorted(tmp_path.iterdir()) == [tmp_path / "x.json", other]


@pytest.mark.parametrize(
  ("content", "message"),
  [('{"a": ', "x.json is not valid JSON"), ("[1]", "x.json holds a list")],
)
def test_error_names_the_damaged_file(tmp_path, content, message):
  (tmp_path / "x.json").write_text(content)
  with pytest.raises(UserError, match=message):
    json_file.read(tmp_path / "x.json")


def test_error_names_the_missing_file(tmp_path):
  with pytest.raises(UserError, match="x.json can't be read .No such file"):
    json_file.read(tmp_path / "x.json")
