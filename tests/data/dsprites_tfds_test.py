import functools
import hashlib
import http.server
import pathlib
import socket
import threading
import time
import types

import numpy as np
import pytest

from cascade_jax.data import dsprites_files, dsprites_tfds
from cascade_jax.errors import UserError
from tests.helpers.dsprites_file import SIZES, cut, write_hdf5
from tests.helpers.prepared_tfds import ignore_protobuf, prepare


def records_of(arrays):
  labels = arrays["latents_classes"][:, 1:]
  for image, label in zip(arrays["imgs"], labels, strict=True):
    yield {
      "image": image[..., None],
      **dict(zip(dsprites_tfds._LABELS, label, strict=True)),
    }


def test_shuffled_records_are_sorted(arrays, expected):
  records = list(records_of(arrays))
  np.random.default_rng(0).shuffle(records)
  rows = dsprites_tfds.rows_of_records(records, SIZES)
  np.testing.assert_array_equal(rows, expected)


def test_missing_records_are_counted(arrays):
  records = list(records_of(arrays))[:-2]
  with pytest.raises(UserError, match="2 of its 36 images are missing"):
    dsprites_tfds.rows_of_records(records, SIZES)


def prepared(arrays):
  """Records with all features of the data set."""
  values = {
    label.replace("label", "value"): np.float32(0)
    for label in dsprites_tfds._LABELS
  }
  return [{**record, **values} for record in records_of(arrays)]


@ignore_protobuf
def test_prepared_data_set_is_read_and_its_damage_is_an_error(
  arrays, expected, tmp_path
):
  path = prepare("dsprites", tmp_path, prepared(arrays)[::-1])
  rows = dsprites_tfds.read(str(tmp_path), SIZES)
  np.testing.assert_array_equal(rows, expected)
  cut(path)
  with pytest.raises(UserError, match=r"2\.0\.0 is damaged.*prepare it again"):
    dsprites_tfds.read(str(tmp_path), SIZES)


@ignore_protobuf
def test_original_is_read_if_the_prepared_files_need_tensorflow(
  arrays, expected, tmp_path
):
  """The original is where a user may put it by hand."""
  import tensorflow_datasets as tfds

  prepare("dsprites", tmp_path, prepared(arrays), "tfrecord")
  ((_, info),) = tfds.builder("dsprites").url_infos.items()
  manual = tmp_path / "downloads" / "manual" / info.filename
  manual.parent.mkdir(parents=True)
  write_hdf5(manual, arrays)
  rows = dsprites_tfds.read(str(tmp_path), SIZES)
  np.testing.assert_array_equal(rows, expected)


class Silent(http.server.SimpleHTTPRequestHandler):
  def log_message(self, *args):
    pass


@pytest.fixture
def builder(arrays, tmp_path):
  """A builder like that of TFDS, with a small file from a local server."""
  from tensorflow_datasets.core.download import checksums

  name = "dsprites_64x64.hdf5"
  served = tmp_path / "served"
  served.mkdir()
  write_hdf5(served / name, arrays)
  content = (served / name).read_bytes()
  info = checksums.UrlInfo(
    len(content), hashlib.sha256(content).hexdigest(), name
  )
  handler = functools.partial(Silent, directory=served)
  with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/{name}?raw=true"
    yield types.SimpleNamespace(
      url_infos={url: info},
      data_dir=str(tmp_path / "tfds" / "dsprites" / "2.0.0"),
      stop=server.shutdown,
    )
    server.shutdown()
    thread.join()


def test_download_is_read_and_kept(builder, expected):
  path = dsprites_tfds._download(builder)
  np.testing.assert_array_equal(dsprites_files.read(path, SIZES), expected)
  builder.stop()
  assert dsprites_tfds._download(builder) == path  # now offline


def test_other_content_is_not_accepted_as_the_download(builder):
  from tensorflow_datasets.core.download import download_manager

  ((url, info),) = builder.url_infos.items()
  builder.url_infos[url] = type(info)(info.size, "0" * 64, info.filename)
  with pytest.raises(download_manager.NonMatchingChecksumError):
    dsprites_tfds._download(builder)


def test_error_says_that_the_server_has_no_such_file(builder):
  ((url, _),) = builder.url_infos.items()
  with pytest.raises(ConnectionError, match="404"):
    dsprites_tfds.check_reachable(url.replace("64x64", "gone"), "manual")


def test_error_says_within_seconds_that_the_host_is_offline():
  with socket.socket() as unused:
    unused.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{unused.getsockname()[1]}/file"
    started = time.monotonic()
    with pytest.raises(ConnectionError, match="data.name=dsprites,"):
      dsprites_tfds.check_reachable(url, pathlib.Path("manual"))
  assert time.monotonic() - started < 10


def test_name_lookup_that_hangs_is_cut_short(monkeypatch):
  released = threading.Event()

  def hang(*_, **__):
    released.wait(20)
    raise OSError("released")

  monkeypatch.setattr(dsprites_tfds, "_SECONDS_TO_ANSWER", 0.2)
  monkeypatch.setattr(socket, "getaddrinfo", hang)
  with pytest.raises(ConnectionError, match="no answer in 0.2 seconds"):
    dsprites_tfds.check_reachable("http://nowhere.invalid/file", "manual")
  released.set()
