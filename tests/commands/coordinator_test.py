"""The flags of `experiments.train` for several processes."""

import types

import pytest

from cascade_jax import hosts
from cascade_jax.commands import train
from cascade_jax.errors import UserError


@pytest.fixture
def connect(monkeypatch):
  """Calls `_connect` under given flags, and returns what it asks for."""
  asked = []
  monkeypatch.setattr(hosts, "connect", lambda *asks: asked.append(asks))

  def under(coordinator=None, num_processes=None, process_id=None):
    flags = types.SimpleNamespace(
      coordinator=coordinator,
      num_processes=num_processes,
      process_id=process_id,
    )
    monkeypatch.setattr(train, "FLAGS", flags)
    train._connect()
    return asked

  return under


def test_one_process_connects_to_nothing(connect):
  assert connect() == []


def test_processes_connect_by_address(connect):
  assert connect("a:1", 2, 0) == [("a:1", 2, 0)]


def test_a_cluster_is_left_to_jax(connect):
  assert connect("auto") == [("auto", None, None)]


@pytest.mark.parametrize("numbers", [(2, 0), (None, 0), (2, None)])
def test_numbers_without_an_address_are_refused(connect, numbers):
  with pytest.raises(UserError, match="need --coordinator=HOST:PORT"):
    connect(None, *numbers)


@pytest.mark.parametrize("numbers", [(None, None), (None, 0), (2, None)])
def test_an_address_without_numbers_is_refused(connect, numbers):
  with pytest.raises(UserError, match="--num_processes and --process_id"):
    connect("a:1", *numbers)
