import errno
import pathlib
import struct

import pytest

from cascade_jax import trackers

pytest.importorskip("tensorboardX")

from tensorboardX import event_file_writer
from tensorboardX.proto import event_pb2


def write(folder, first_step, steps):
  config = {"seed": 3, "data.fit": "", "num_categories": (3, 4), "unset": None}
  run = trackers.TrackedRun(folder, folder, config, first_step)
  board = trackers.Trackers(("tensorboard",), run)
  for step in steps:
    board.write({"step": step, "loss": 1.0 * step, "kl": [1.0, 2.0]})
  board.close()


def events(folder):
  """Returns the events of all files: length, checksum, event, checksum."""
  found = []
  for path in sorted(folder.glob("tensorboard/*tfevents*")):
    content = path.read_bytes()
    while content:
      (length,) = struct.unpack("<Q", content[:8])
      found.append(event_pb2.Event.FromString(content[12 : 12 + length]))
      content = content[16 + length :]
  return found


def shown(found):
  """Returns `{tag: {step: value}}` as TensorBoard does, with its purges."""
  values = {}
  for event in found:
    if event.HasField("session_log"):
      for of_tag in values.values():
        for step in [step for step in of_tag if step >= event.step]:
          del of_tag[step]
    for value in event.summary.value:
      if value.HasField("simple_value"):
        of_tag = values.setdefault(value.tag, {})
        assert event.step not in of_tag
        of_tag[event.step] = value.simple_value
  return values


def test_a_resumed_run_shows_each_step_once(tmp_path):
  write(tmp_path, 0, [2, 4, 6])
  write(tmp_path, 4, [6, 8])
  values = shown(events(tmp_path))
  assert values["loss"] == {2: 2.0, 4: 4.0, 6: 6.0, 8: 8.0}
  assert values.keys() == {"loss", "kl/1", "kl/2"}


def test_the_config_stands_there_as_hyperparameters(tmp_path):
  write(tmp_path, 0, [2])
  (start,) = [
    value.metadata.plugin_data.content
    for event in events(tmp_path)
    for value in event.summary.value
    if value.tag == "_hparams_/session_start_info"
  ]
  for text in (b"seed", b"data.fit", b"num_categories", b"(3, 4)"):
    assert text in start
  assert b"unset" not in start


def test_a_full_disk_neither_ends_nor_blocks_the_run(
  tmp_path, monkeypatch, caplog
):
  writer = event_file_writer.EventsWriter
  calls = []

  def full(self):
    calls.append(self)
    if len(calls) == 3:  # after the start and one entry
      raise OSError(errno.ENOSPC, "No space left on device")

  monkeypatch.setattr(writer, "flush", full)
  write(tmp_path, 0, range(1, 40))  # more than the queue of tensorboardX holds
  (message,) = [record.getMessage() for record in caplog.records]
  assert "tensorboard has failed" in message and "No space left" in message
  assert pathlib.Path(calls[0]._file_name).parent == tmp_path / "tensorboard"
