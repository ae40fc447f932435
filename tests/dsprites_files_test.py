import pathlib
import socket
import time

import h5py
import numpy as np
import pytest

from cascade_jax.data import dsprites, dsprites_files, dsprites_tfds

SIZES = (3, 1, 2, 3, 2)  # of small imitations of the file


@pytest.fixture
def arrays():
  """What a dSprites file of a smaller grid holds."""
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


def test_chunks_are_put_together(arrays, expected, tmp_path, monkeypatch):
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


@pytest.mark.parametrize("suffix", [".npz", ".hdf5"])
@pytest.mark.parametrize("damage", [cut, make_html, flip_bits])
def test_damage_is_one_clear_error(arrays, tmp_path, suffix, damage):
  path = tmp_path / f"dsprites{suffix}"
  if suffix == ".npz":
    np.savez_compressed(path, **arrays)
  else:
    write_hdf5(path, arrays)
  damage(path)
  with pytest.raises(ValueError, match="is damaged or is not dSprites.*again"):
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
def test_other_content_is_refused(arrays, tmp_path, key, value):
  path = tmp_path / "dsprites.npz"
  np.savez(path, **{**arrays, key: value})
  with pytest.raises(ValueError, match="is not dSprites"):
    dsprites_files.read(path, SIZES)


def test_missing_file_and_other_kinds_are_named(tmp_path):
  with pytest.raises(FileNotFoundError, match="nowhere"):
    dsprites_files.read(tmp_path / "nowhere.npz")
  (tmp_path / "dsprites.zip").write_bytes(b"")
  with pytest.raises(ValueError, match="not dsprites.zip"):
    dsprites_files.read(tmp_path / "dsprites.zip")


def test_whole_data_set_comes_from_rows_as_from_the_renderer():
  rendered = dsprites.load()
  rows = rendered.images.view("<u8")
  original = dsprites.load(rows=rows)
  np.testing.assert_array_equal(original.images, rendered.images)
  assert "original" in original.name and "rendered" in rendered.name


def records_of(arrays):
  labels = arrays["latents_classes"][:, 1:]
  for image, label in zip(arrays["imgs"], labels, strict=True):
    yield {
      "image": image[..., None],
      **dict(zip(dsprites_tfds._LABELS, label, strict=True)),
    }


def test_shuffled_records_find_their_rows(arrays, expected):
  records = list(records_of(arrays))
  np.random.default_rng(0).shuffle(records)
  rows = dsprites_tfds.rows_of_records(records, SIZES)
  np.testing.assert_array_equal(rows, expected)


def test_missing_records_are_counted(arrays):
  records = list(records_of(arrays))[:-2]
  with pytest.raises(ValueError, match="lacks 2 of dSprites' 36"):
    dsprites_tfds.rows_of_records(records, SIZES)


def test_offline_is_said_within_seconds():
  with socket.socket() as unused:
    unused.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{unused.getsockname()[1]}/file"
    started = time.monotonic()
    with pytest.raises(ConnectionError, match="data.name=dsprites,"):
      dsprites_tfds.check_reachable(url, pathlib.Path("manual"))
  assert time.monotonic() - started < 10
