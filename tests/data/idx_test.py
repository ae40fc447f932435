"""IDX files, as MNIST and Fashion-MNIST come, are read and checked."""

import gzip
import struct

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.errors import UserError

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 28, 28), np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 10
IMAGES_NAME, LABELS_NAME = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def write(path, array, shape=None):
  """Writes the format with `struct` alone; `shape` is what the file claims."""
  shape = shape or array.shape
  header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
  content = header + array.tobytes()
  is_gzip = path.suffix == ".gz"
  path.write_bytes(gzip.compress(content) if is_gzip else content)
  return path


def load(path, **options):
  return data.load("idx", str(path), **options)


@pytest.fixture
def mnist(tmp_path):
  """A folder with the four files of MNIST, compressed."""
  folder = tmp_path / "mnist"
  folder.mkdir()
  for part, images in (("train", IMAGES), ("t10k", IMAGES[:4, ::-1])):
    write(folder / f"{part}-images-idx3-ubyte.gz", images)
    write(folder / f"{part}-labels-idx1-ubyte.gz", LABELS[: len(images)])
  return folder


def test_folder_holds_the_training_images(mnist):
  dataset = load(mnist)
  assert dataset.image_shape == (32, 32, 1)  # padded, see `fit`
  np.testing.assert_array_equal(dataset.images[:, 2:30, 2:30, 0], IMAGES)
  np.testing.assert_array_equal(dataset.classes, LABELS)
  assert dataset.name == "mnist/train-images-idx3-ubyte"
  assert dataset.factor_sizes == (10,)


def test_test_images_are_read_by_their_name(mnist):
  dataset = load(mnist / "t10k-images-idx3-ubyte.gz")
  np.testing.assert_array_equal(
    dataset.images[:, 2:30, 2:30, 0], IMAGES[:4, ::-1]
  )
  assert dataset.name == "mnist/t10k-images-idx3-ubyte"
  np.testing.assert_array_equal(dataset.classes, LABELS[:4])


@pytest.mark.parametrize("images_end", ["", ".gz"])
@pytest.mark.parametrize("labels_end", ["", ".gz"])
def test_each_file_may_be_compressed(tmp_path, images_end, labels_end):
  write(tmp_path / f"{IMAGES_NAME}{images_end}", IMAGES)
  write(tmp_path / f"{LABELS_NAME}{labels_end}", LABELS)
  dataset = load(tmp_path)
  np.testing.assert_array_equal(dataset.images[:, 2:30, 2:30, 0], IMAGES)
  np.testing.assert_array_equal(dataset.classes, LABELS)


def test_plain_file_beside_the_compressed_one_is_taken(tmp_path):
  write(tmp_path / f"{IMAGES_NAME}.gz", IMAGES)
  write(tmp_path / IMAGES_NAME, IMAGES[::-1])
  dataset = load(tmp_path)
  np.testing.assert_array_equal(dataset.images[:, 2:30, 2:30, 0], IMAGES[::-1])
  assert dataset.factors is None  # there are no labels


def test_images_of_other_sizes_are_fitted_as_asked(tmp_path):
  write(tmp_path / IMAGES_NAME, IMAGES[:, 4:24, 4:24])
  with pytest.raises(UserError, match="20x20"):
    load(tmp_path)
  assert load(tmp_path, fit="resize").image_shape == (16, 16, 1)


def cut(path):
  path.write_bytes(path.read_bytes()[:-7])


def extend(path):
  content = gzip.decompress(path.read_bytes())
  path.write_bytes(gzip.compress(content + b"\0"))


def flip_bits(path):
  content = bytearray(path.read_bytes())
  content[len(content) // 2] ^= 0xFF
  path.write_bytes(content)


def swap_with_labels(path):
  write(path, LABELS)


def make_html(path):
  path.write_text("<!DOCTYPE html><title>Not found</title>")


def empty(path):
  path.write_bytes(b"")


@pytest.mark.parametrize(
  "damage", [cut, extend, flip_bits, swap_with_labels, make_html, empty]
)
def test_error_names_the_damaged_file(mnist, damage):
  damage(mnist / f"{IMAGES_NAME}.gz")
  with pytest.raises(
    UserError, match=f"{IMAGES_NAME}.gz is damaged or is not .*download it"
  ) as refused:
    load(mnist)
  assert "\n" not in str(refused.value)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_claimed_size_is_checked_before_memory_is_taken(tmp_path, suffix):
  write(tmp_path / f"{IMAGES_NAME}{suffix}", IMAGES, (2**31, 2**15, 2**15))
  with pytest.raises(UserError, match="which its length can't hold"):
    load(tmp_path)


def test_plain_file_that_is_cut_off_is_refused(tmp_path):
  cut(write(tmp_path / IMAGES_NAME, IMAGES))
  with pytest.raises(UserError, match=r"should hold 9,408 bytes .* only 9,401"):
    load(tmp_path)


def test_labels_of_other_images_are_refused(mnist):
  write(mnist / f"{LABELS_NAME}.gz", LABELS[:5])
  with pytest.raises(UserError, match="has 5 labels, but .* has 12 images"):
    load(mnist)


def test_error_names_the_missing_or_ambiguous_file(tmp_path):
  with pytest.raises(UserError, match="nowhere'; it must be an IDX file"):
    load(tmp_path / "nowhere")
  with pytest.raises(UserError, match="'train-images', but there is none"):
    load(tmp_path)
  for part in ("letters", "digits"):
    write(tmp_path / f"emnist-{part}-{IMAGES_NAME}", IMAGES)
  with pytest.raises(UserError, match="emnist-digits-.*, emnist-letters-"):
    load(tmp_path)
