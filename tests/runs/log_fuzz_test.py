"""A damaged log is refused, or read up to where it was cut off."""

import hypothesis
import pytest

from cascade_jax.runs import log_file
from tests.helpers import reported_run
from tests.helpers.mutations import damaged, damaged_json
from tests.helpers.properties import properties
from tests.helpers.readers import outcome

_ENTRIES = [reported_run.log_entry(step) for step in range(1, 6)]
_WHOLE = b"".join(map(log_file.line, _ENTRIES, range(1, 6)))
_OTHER = b"".join(map(log_file.line, _ENTRIES[2:], range(1, 4)))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
  return tmp_path_factory.mktemp("run") / log_file.NAME


def read(path):
  return log_file.read(path.parent)


@properties(40)
@hypothesis.given(content=damaged(_WHOLE))
@hypothesis.example(content=b"".join(_WHOLE.splitlines(True)[1:]))
@hypothesis.example(content=b"".join(_WHOLE.splitlines(True)[::2]))
def test_damage_is_refused_or_cuts_the_log_off(path, content):
  found = outcome(read, path, content)
  assert found is None or found == _ENTRIES[: len(found)]


@properties(10)
@hypothesis.given(content=damaged(_WHOLE, _OTHER))
def test_what_is_rebuilt_was_written(path, content):
  """Of this log, or of another one of which a part is in it."""
  path.write_bytes(content)
  log_file.rebuild(path.parent)
  found = outcome(read, path, path.read_bytes())
  assert all(entry in _ENTRIES for entry in found)


@properties(40)
@hypothesis.given(line=damaged_json(_ENTRIES[0]))
def test_a_line_of_an_earlier_version_is_refused_or_has_its_fields(path, line):
  """These have no digests, so any JSON may come up to here."""
  found = outcome(read, path, line + b"\n")
  for entry in found or []:
    assert log_file.line(entry, 1)
    assert isinstance(entry["step"], int)
