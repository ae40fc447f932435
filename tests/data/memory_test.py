"""Images that don't fit into memory are refused before they are read."""

import h5py
import numpy as np
import pytest
from PIL import Image

from cascade_jax import data, sharding
from cascade_jax.array_files import memory
from cascade_jax.errors import UserError

IMAGES = np.random.default_rng(0).integers(0, 256, (9, 16, 16), np.uint8)
ADVICE = "GB are free; .*--config.data.stream=True"


def write_folder(path):
  path.mkdir()
  for index, image in enumerate(IMAGES):
    Image.fromarray(image).save(path / f"{index}.png")


def write_hdf5(path):
  with h5py.File(path, "w") as file:
    file["images"] = IMAGES


WRITERS = {
  "mine.npy": lambda path: np.save(path, IMAGES),
  "mine.npz": lambda path: np.savez_compressed(path, images=IMAGES),
  "mine.hdf5": write_hdf5,
  "mine": write_folder,
}


@pytest.mark.parametrize("file", WRITERS)
def test_error_names_the_setting_that_streams(tmp_path, monkeypatch, file):
  path = tmp_path / file
  WRITERS[file](path)
  name = "arrays" if path.suffix else "folder"
  monkeypatch.setattr(memory, "free_on_host", lambda: IMAGES.nbytes - 1)
  with pytest.raises(UserError, match=f"{path}: .*takes .* GB .*{ADVICE}"):
    data.load(name, str(path))
  if file != "mine.npz":  # that one is compressed
    assert len(data.load(name, str(path), stream=True).images) == 9
  monkeypatch.setattr(memory, "free_on_host", lambda: 3 * IMAGES.nbytes)
  assert len(data.load(name, str(path)).images) == 9


def test_copy_on_the_device_must_fit_too(monkeypatch):
  unaligned = np.empty(IMAGES.size + 64, np.uint8)
  start = -unaligned.ctypes.data % 64 + 1
  images = unaligned[start : start + IMAGES.size].reshape(*IMAGES.shape, 1)
  images[:] = IMAGES[..., None]
  dataset = data.Dataset("mine", images, (16, 16, 1), 8)
  monkeypatch.setattr(memory, "free_on_host", lambda: IMAGES.nbytes - 1)
  with pytest.raises(UserError, match=f"mine: it takes .* GB .*{ADVICE}"):
    data.to_device(dataset, sharding.spread(1))
  monkeypatch.setattr(memory, "free_on_host", lambda: None)
  assert len(data.to_device(dataset, sharding.spread(1))) == 9


def test_free_memory_is_that_of_the_kernel(tmp_path, monkeypatch):
  file = tmp_path / "meminfo"
  monkeypatch.setattr(memory, "_MEMINFO", file)
  assert memory.free_on_host() is None
  file.write_text("MemTotal:  9 kB\nMemAvailable:    5 kB\n")
  assert memory.free_on_host() == 5 * 1024
