"""Sizes in an .hdf5 are checked; the log says where checksums are missing."""

import h5py
import numpy as np
import pytest

from cascade_jax.array_files import hdf5
from cascade_jax.errors import UserError

NAMES = ("images", "labels")


def test_damage_is_noticed_where_there_are_checksums(tmp_path, caplog):
  path = tmp_path / "mine.h5"
  images = np.random.default_rng(0).integers(0, 256, (50, 20), np.uint8)
  for is_checked in (True, False):
    with h5py.File(path, "w") as file:
      file.create_dataset("images", data=images, fletcher32=is_checked)
    caplog.clear()
    with caplog.at_level("INFO", "absl"):
      np.testing.assert_array_equal(hdf5.read(path, NAMES)["images"], images)
    assert ("no checksums for images" in caplog.text) != is_checked
    content = bytearray(path.read_bytes())
    content[content.index(images.tobytes()) + 7] ^= 4
    path.write_bytes(content)
    if is_checked:
      with pytest.raises(UserError, match="images is damaged"):
        hdf5.read(path, NAMES)
    else:
      assert (hdf5.read(path, NAMES)["images"] != images).sum() == 1


@pytest.mark.parametrize("num_rows", [10**7, 10**13])
def test_arrays_that_would_fill_the_memory_are_refused(tmp_path, num_rows):
  """Nothing is stored; what is read would be the fill value."""
  with h5py.File(tmp_path / "mine.h5", "w") as file:
    file.create_dataset("images", (num_rows, 64), "u1", chunks=(8192, 64))
  with pytest.raises(UserError, match="mine.h5: images: it takes .* GB"):
    hdf5.read(tmp_path / "mine.h5", NAMES)


def test_unknown_and_empty_arrays_are_refused(tmp_path):
  messages = {"image": "did you mean 'images'", "labels": "are no values"}
  for name, message in messages.items():
    with h5py.File(tmp_path / "mine.h5", "w") as file:
      file[name] = h5py.Empty("f4")
    with pytest.raises(UserError, match=message):
      hdf5.read(tmp_path / "mine.h5", NAMES)
