"""Images that stay in their file are those that are read into memory."""

import h5py
import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.array_files import mapped, npz
from cascade_jax.data import on_device, pixels, streamed_images
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate
from cascade_jax.runs import dataset_record
from cascade_jax.training import loop

NUM_IMAGES = 50
RNG = np.random.default_rng(0)
LABELS = np.arange(NUM_IMAGES) % 3
COLOUR = RNG.integers(0, 256, (NUM_IMAGES, 16, 16, 3), np.uint8)
# Some images of levels up to 255 have only 0 and 1.
DARK = COLOUR.copy()
DARK[10:30] = RNG.integers(0, 2, DARK[10:30].shape)
KINDS = {
  "colour": COLOUR,
  "dark": DARK,
  "zero and one": RNG.integers(0, 2, (NUM_IMAGES, 16, 16), np.uint8),
  "bool": RNG.random((NUM_IMAGES, 16, 16, 1)) < 0.5,
  "float": RNG.random((NUM_IMAGES, 28, 28)).astype(np.float32),
  "Fortran": np.asfortranarray(COLOUR),
}


def write_npy(path, images):
  np.save(path, images)


def write_npz(path, images):
  np.savez(path, images=images, labels=LABELS)


def write_hdf5(path, images):
  with h5py.File(path, "w") as file:
    file["labels"] = LABELS
    file.create_dataset("images", data=images, compression="gzip")


WRITERS = {".npy": write_npy, ".npz": write_npz, ".hdf5": write_hdf5}


def assert_same(path, **options):
  """Compares the two data sets of a path, and their records."""
  in_memory = data.load(path=str(path), **options)
  streamed = data.load(path=str(path), stream=True, **options)
  assert isinstance(streamed.images, data.StreamedImages)
  assert str(streamed) == str(in_memory)
  indices = np.array([[3, 0], [3, len(in_memory.images) - 1]])
  expected = in_memory.images[indices]
  np.testing.assert_array_equal(streamed.images[indices], expected)
  assert streamed.images[indices].dtype == np.uint8
  np.testing.assert_array_equal(
    data.HostImages(streamed)[indices[0]],
    data.HostImages(in_memory)[indices[0]],
  )
  records = []
  for dataset in (in_memory, streamed):
    folder = path.parent / str(len(records))
    folder.mkdir()
    dataset_record.record_dataset([folder], dataset)
    records.append(dataset_record.read(folder))
  assert records[0] == records[1]
  return streamed


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("kind", KINDS)
def test_arrays_are_those_in_memory(tmp_path, monkeypatch, suffix, kind):
  monkeypatch.setattr(streamed_images, "_BLOCK", 7 * 16 * 16)
  path = tmp_path / f"mine{suffix}"
  WRITERS[suffix](path, KINDS[kind])
  dataset = assert_same(path, name="arrays")
  assert (dataset.classes is None) == (suffix == ".npy")


@pytest.mark.parametrize("fit", ["pad", "resize", "crop"])
def test_images_are_fitted_as_they_are_read(tmp_path, caplog, fit):
  np.save(tmp_path / "mine.npy", COLOUR[:, :12])
  caplog.set_level("INFO", "absl")
  assert_same(tmp_path / "mine.npy", name="arrays", fit=fit)
  assert caplog.text.count("images of 12x16 pixels are") == 2  # once each


class Guarded:
  """An array of which nobody may read more than a few images at once."""

  def __init__(self, array, most):
    self.shape, self.dtype, self._array = array.shape, array.dtype, array
    self._most = most

  def __len__(self):
    return len(self._array)

  def __getitem__(self, index):
    images = np.array(self._array[index])
    assert images.size <= self._most * self._array[0].size
    return images

  def __array__(self, *args, **kwargs):
    raise AssertionError("all images are read")


def test_no_part_of_a_run_holds_all_images(tmp_path, monkeypatch, tiny_config):
  """The limit is that of the check of uint8 images, 1,024; N is 3,000."""
  images = np.random.default_rng(0).integers(0, 256, (600, 16, 16), np.uint8)
  np.savez(tmp_path / "mine.npz", images=images)
  monkeypatch.setattr(
    npz,
    "mapped_member",
    lambda *args: Guarded(mapped.mapped_member(*args), most=200),
  )
  monkeypatch.setattr(pixels, "_CHUNK", 100)
  monkeypatch.setattr(streamed_images, "_BLOCK", 100 * 16 * 16)
  monkeypatch.setattr(on_device, "_PART", 100 * 16 * 16)
  tiny_config.data.name = "arrays"
  tiny_config.data.path = str(tmp_path / "mine.npz")
  tiny_config.data.stream = True
  tiny_config.num_steps = 2
  loop.train(tiny_config, tmp_path / "run")
  assert evaluate.evaluate_run(tmp_path / "run")["num_images"] == 600


def test_data_that_cannot_be_streamed_are_refused(tmp_path):
  for name in set(data.NAMES) - {"arrays", "folder"}:
    with pytest.raises(UserError, match=f"data.stream is True, .*'{name}'"):
      data.load(name, path=str(tmp_path), stream=True)
  path = tmp_path / "mine.npz"
  np.savez_compressed(path, images=COLOUR)
  with pytest.raises(
    UserError, match="images: it is compressed, .*numpy.savez"
  ):
    data.load("arrays", str(path), stream=True)
  np.savez(path, images=np.array([{"a": 1}], dtype=object))
  with pytest.raises(UserError, match="images: it is of Python objects"):
    data.load("arrays", str(path), stream=True)
  np.savez(path, images=COLOUR[0, 0])
  with pytest.raises(UserError, match=r"\[N, H, W, C\].*got \(16, 3\)"):
    data.load("arrays", str(path), stream=True)
  np.savez(path, labels=LABELS)
  with pytest.raises(UserError, match="has no array named 'images'"):
    data.load("arrays", str(path), stream=True)


def test_pixels_out_of_range_are_found_before_a_run_starts(
  tmp_path, tiny_config, monkeypatch
):
  monkeypatch.setattr(streamed_images, "_BLOCK", 1)
  images = KINDS["float"].copy()
  images[40, 3, 3] = 1.5
  np.save(tmp_path / "mine.npy", images)
  dataset = data.load("arrays", str(tmp_path / "mine.npy"), stream=True)
  with pytest.raises(UserError, match=r"must lie in \[0, 1\], got .*1.5\]"):
    loop.train(tiny_config, tmp_path / "run", dataset)
