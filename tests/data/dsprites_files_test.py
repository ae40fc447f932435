import functools
import hashlib
import http.server
import io
import json
import pathlib
import socket
import sys
import threading
import time
import types

import h5py
import numpy as np
import pytest
from PIL import Image

from cascade_jax.data import dsprites, dsprites_files, dsprites_tfds
from cascade_jax.errors import UserError

SIZES = (3, 1, 2, 3, 2)  # of the factors in small imitations of the file
# TFDS 4.9.10 uses a feature that protobuf deprecates.
ignore_protobuf = pytest.mark.filterwarnings(
  r"ignore:.*label\(\) is deprecated:DeprecationWarning"
)


@pytest.fixture
def arrays():
  """The content of a dSprites file with fewer values of each factor."""
  factors = dsprites.factor_grid(SIZES)
  colour = np.zeros((len(factors), 1), np.int64)
  return {
    "imgs": dsprites.render(factors),
    "latents_classes": np.concatenate([colour, factors], axis=1),
    "latents_values": np.zeros((len(factors), 6)),
    "metadata": np.array({"pickled": "must not be read"}, dtype=object),
  }


@pytest.fixture
def expected(arrays):
  bits = np.packbits(arrays["imgs"], axis=-1, bitorder="little")
  return bits.view("<u8")[..., 0]


def write_hdf5(path, arrays):
  with h5py.File(path, "w") as file:
    file["imgs"] = arrays["imgs"]
    file["latents/classes"] = arrays["latents_classes"]


def test_npz_is_read_without_its_pickle(arrays, expected, tmp_path):
  path = tmp_path / "dsprites.npz"
  np.savez_compressed(path, **arrays)
  np.testing.assert_array_equal(dsprites_files.read(path, SIZES), expected)


def test_hdf5_is_read(arrays, expected, tmp_path):
  path = tmp_path / "dsprites.hdf5"
  write_hdf5(path, arrays)
  np.testing.assert_array_equal(dsprites_files.read(path, SIZES), expected)


def test_chunks_are_joined(arrays, expected, tmp_path, monkeypatch):
  monkeypatch.setattr(dsprites_files, "_CHUNK", 5)
  path = tmp_path / "dsprites.npz"
  np.savez(path, **arrays)
  np.testing.assert_array_equal(dsprites_files.read(path, SIZES), expected)


def cut(path):
  path.write_bytes(path.read_bytes()[:-200])


def make_html(path):
  path.write_text("<!DOCTYPE html><title>Not found</title>")


def flip_bits(path):
  content = bytearray(path.read_bytes())
  for place in range(60, len(content), 97):
    content[place] ^= 0xFF
  path.write_bytes(content)


def empty(path):
  path.write_bytes(b"")


@pytest.mark.parametrize("suffix", [".npz", ".hdf5"])
@pytest.mark.parametrize("damage", [cut, make_html, flip_bits, empty])
def test_error_names_the_damaged_file(arrays, tmp_path, suffix, damage):
  path = tmp_path / f"dsprites{suffix}"
  if suffix == ".npz":
    np.savez_compressed(path, **arrays)
  else:
    write_hdf5(path, arrays)
  damage(path)
  with pytest.raises(UserError, match="is damaged or is not dSprites.*again"):
    dsprites_files.read(path, SIZES)


@pytest.mark.parametrize(
  ("key", "value"),
  [
    ("imgs", np.zeros((36, 32, 32), np.uint8)),
    ("imgs", np.full((36, 64, 64), 2, np.uint8)),
    ("imgs", np.zeros((36, 64, 64))),
    ("imgs", np.zeros((35, 64, 64), np.uint8)),
    ("imgs", np.array([{"a": 1}], dtype=object)),
    ("latents_classes", np.zeros((36, 6), np.int64)),
    ("latents_classes", np.zeros((36, 5), np.int64)),
  ],
)
def test_content_that_is_not_dsprites_is_refused(arrays, tmp_path, key, value):
  path = tmp_path / "dsprites.npz"
  np.savez(path, **{**arrays, key: value})
  with pytest.raises(UserError, match="is not dSprites"):
    dsprites_files.read(path, SIZES)


def test_error_says_that_hdf5_needs_h5py(arrays, tmp_path, monkeypatch):
  path = tmp_path / "dsprites.hdf5"
  write_hdf5(path, arrays)
  monkeypatch.setitem(sys.modules, "h5py", None)
  with pytest.raises(UserError, match="^dsprites.hdf5 needs h5py: pip"):
    dsprites_files.read(path, SIZES)


def test_error_names_the_missing_file(tmp_path):
  with pytest.raises(UserError, match="nowhere"):
    dsprites_files.read(tmp_path / "nowhere.npz")


def test_kind_is_read_from_the_content(arrays, expected, tmp_path):
  for write, name in ((write_hdf5, "a.npz"), (write_hdf5, "b.hdf5raw=true")):
    write(tmp_path / name, arrays)
    rows = dsprites_files.read(tmp_path / name, SIZES)
    np.testing.assert_array_equal(rows, expected)


def test_warning_says_that_the_file_is_not_the_published_one(
  arrays, expected, tmp_path, monkeypatch, caplog
):
  path = tmp_path / "dsprites.npz"
  np.savez(path, **arrays)
  digest = hashlib.md5(path.read_bytes()).hexdigest()
  monkeypatch.setattr(dsprites, "FACTOR_SIZES", SIZES)
  rows = dsprites_files.read(path, SIZES)
  np.testing.assert_array_equal(rows, expected)
  assert digest in caplog.text and "7da33b31b13a06f4" in caplog.text


def test_data_set_of_rows_equals_the_rendered_one():
  # Only the orientations that are compared; the rest takes no memory.
  rows = np.zeros((3, 6, 40, 32 * 32, 64), np.uint64)
  first_two = dsprites.load(num_orientations=2).images.view("<u8")
  rows[:, :, :2] = first_two.reshape(3, 6, 2, 32 * 32, 64)
  rows = rows.reshape(-1, 64)
  for options in ({"image_size": 64}, {"image_size": 32}):
    options["num_orientations"] = 2
    rendered = dsprites.load(**options)
    original = dsprites.load(**options, rows=rows)
    assert np.array_equal(original.images, rendered.images)
    assert "original" in original.name and "rendered" in rendered.name


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


def prepare(data_dir, records, file_format="array_record"):
  """Writes the files that `tfds build` would write, without TensorFlow."""
  import tensorflow_datasets as tfds
  from array_record.python.array_record_module import ArrayRecordWriter
  from tensorflow_datasets.core import example_serializer

  builder = tfds.builder("dsprites", data_dir=data_dir)
  serializer = example_serializer.ExampleSerializer(
    builder.info.features.get_serialized_info()
  )
  folder = pathlib.Path(builder.data_dir)
  folder.mkdir(parents=True)
  path = folder / f"dsprites-train.{file_format}-00000-of-00001"
  writer = ArrayRecordWriter(str(path), "group_size:1")
  for record in records:
    png = io.BytesIO()
    Image.fromarray(record["image"][..., 0]).save(png, "png")
    values = {
      label.replace("label", "value"): np.float32(0)
      for label in dsprites_tfds._LABELS
    }
    example = {**record, **values, "image": png.getvalue()}
    writer.write(serializer.serialize_example(example))
  writer.close()
  split = {
    "name": "train",
    "shardLengths": [str(len(records))],
    "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
  }
  (folder / "dataset_info.json").write_text(
    json.dumps(
      {
        "name": "dsprites",
        "version": "2.0.0",
        "fileFormat": file_format,
        "splits": [split],
      }
    )
  )
  builder.info.features.save_config(folder)
  return path


@ignore_protobuf
def test_prepared_data_set_is_read_and_its_damage_is_an_error(
  arrays, expected, tmp_path
):
  records = list(records_of(arrays))[::-1]
  path = prepare(tmp_path, records)
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

  prepare(tmp_path, list(records_of(arrays)), "tfrecord")
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
