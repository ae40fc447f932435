"""The short form of the fault suite; `python -m tests.faults --help`."""

import pytest

from tests.faults import __main__ as faults

pytestmark = [
  pytest.mark.usefixtures("collect_coroutines"),
  pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_nothing_is_lost_or_silent():
  assert faults.main([]) == []
