import hashlib
import sys

import h5py
import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.data import dsprites, dsprites_files
from cascade_jax.errors import UserError
from tests.helpers.dsprites_file import SIZES, cut, write_hdf5


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


@pytest.mark.parametrize("name", ["imgs", "latents/classes"])
def test_claims_of_an_hdf5_are_checked_before_memory_is_taken(
  arrays, tmp_path, name
):
  path = tmp_path / "dsprites.hdf5"
  write_hdf5(path, arrays)
  with h5py.File(path, "r+") as file:
    del file[name]
    file.create_dataset(name, (2, 10**7, 10**7), "u1", chunks=(1, 64, 64))
  with pytest.raises(UserError, match="is not dSprites: (imgs are|it takes)"):
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


@pytest.mark.parametrize("suffix", [".npz", ".hdf5"])
def test_a_file_that_is_not_the_published_one_is_refused_unless_told(
  arrays, expected, tmp_path, monkeypatch, suffix
):
  path = tmp_path / f"dsprites{suffix}"
  if suffix == ".npz":
    np.savez(path, **arrays)
  else:
    write_hdf5(path, arrays)
  monkeypatch.setattr(dsprites, "FACTOR_SIZES", SIZES)
  with pytest.raises(UserError, match="not .* as published .*unverified=True"):
    dsprites_files.read(path, SIZES)
  rows = dsprites_files.read(path, SIZES, unverified=True)
  np.testing.assert_array_equal(rows, expected)
  algorithm, _ = dsprites_files._DIGESTS[suffix[1:]]
  digest = hashlib.new(algorithm, path.read_bytes()).hexdigest()
  monkeypatch.setitem(dsprites_files._DIGESTS, suffix[1:], (algorithm, digest))
  np.testing.assert_array_equal(dsprites_files.read(path, SIZES), expected)


def test_the_setting_reaches_the_reader(tmp_path, monkeypatch):
  found = []
  monkeypatch.setattr(
    dsprites_files,
    "read",
    lambda path, unverified: found.append(unverified) or dsprites_rows(),
  )
  for options in ({}, {"unverified": True}):
    data.load("dsprites_file", "a.npz", num_orientations=1, **options)
  assert found == [False, True]


def dsprites_rows():
  return np.zeros((737_280, 64), np.uint64)


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
