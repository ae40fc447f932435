import contextlib
import sys
import threading

import pytest

from cascade_jax import data
from cascade_jax.errors import UserError


def test_items_come_in_order_and_from_anywhere():
  with contextlib.closing(data.ReadAhead(lambda k: k**2, 100)) as ahead:
    assert [ahead[k] for k in range(5)] == [0, 1, 4, 9, 16]
    assert ahead[70] == 4900
    assert [ahead[k] for k in range(69, 100)] == [k**2 for k in range(69, 100)]
    assert ahead[3] == 9


def test_next_items_are_read_before_they_are_asked_for():
  was_read = [threading.Event() for _ in range(3)]

  def read(position):
    was_read[position].set()
    return position

  with contextlib.closing(data.ReadAhead(read, 3)) as ahead:
    assert ahead[0] == 0
    assert was_read[1].wait(timeout=60)


def test_error_of_a_thread_is_raised_when_its_item_is_asked_for():
  def read(position):
    if position == 2:
      raise UserError("2.png is damaged")
    return position

  with contextlib.closing(data.ReadAhead(read, 9)) as ahead:
    assert [ahead[0], ahead[1]] == [0, 1]
    with pytest.raises(UserError, match="2.png is damaged"):
      ahead[2]


def test_error_says_how_to_install_grain(monkeypatch):
  monkeypatch.setitem(sys.modules, "grain", None)
  with pytest.raises(UserError, match=r"needs grain: pip .*_jax\[stream\]"):
    data.ReadAhead(lambda k: k, 1)
  with pytest.raises(UserError, match=r"data.stream needs grain: pip install"):
    data.load("arrays", "nowhere.npy", stream=True)
