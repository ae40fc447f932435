"""Image data sets are read as TensorFlow Datasets prepared them."""

import subprocess
import sys

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.errors import UserError
from tests.helpers.dsprites_file import cut
from tests.helpers.prepared_tfds import ignore_protobuf, prepare

pytestmark = ignore_protobuf


def random_images(*shape):
  return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def load(name, data_dir, **options):
  return data.load("tfds", path=str(data_dir), tfds=name, **options)


@pytest.mark.parametrize(
  ("name", "third_class"), [("mnist", "2"), ("fashion_mnist", "Pullover")]
)
def test_grey_images_are_padded_and_labelled(tmp_path, name, third_class):
  images = random_images(12, 28, 28, 1)
  records = [
    {"image": image, "label": index % 10} for index, image in enumerate(images)
  ]
  prepare(name, tmp_path, records)
  dataset = load(name, tmp_path)
  assert dataset.image_shape == (32, 32, 1)
  np.testing.assert_array_equal(dataset.images[:, 2:30, 2:30], images)
  np.testing.assert_array_equal(dataset.classes, np.arange(12) % 10)
  assert dataset.factor_names == (dataset.class_factor,) == ("label",)
  assert len(dataset.class_names) == 10
  assert dataset.class_names[2] == third_class
  assert dataset.name == f"{name}, train split of TFDS"


def test_colour_images_have_text_features_and_rare_classes(tmp_path):
  images = random_images(4, 32, 32, 3)
  records = [
    {"id": f"train_{index}", "image": image, "label": label}
    for index, (image, label) in enumerate(zip(images, [3, 9, 3, 0]))
  ]
  prepare("cifar10", tmp_path, records)
  dataset = load("cifar10", tmp_path)
  np.testing.assert_array_equal(dataset.images, images)
  np.testing.assert_array_equal(dataset.classes, [1, 2, 1, 0])
  assert dataset.class_names == ("0", "3", "9")


def test_factors_of_shapes3d_are_read(tmp_path):
  images = random_images(8, 64, 64, 3)
  names = ("floor_hue", "wall_hue", "object_hue", "scale", "shape")
  names += ("orientation",)
  factors = np.stack([np.arange(8) // 2**i % 2 for i in range(6)], axis=1)
  records = [
    {
      "image": image,
      **{f"label_{name}": value for name, value in zip(names, row)},
      **{f"value_{name}": np.float32(0.5) for name in names},
    }
    for image, row in zip(images, factors)
  ]
  prepare("shapes3d", tmp_path, records)
  dataset = load("shapes3d", tmp_path)
  np.testing.assert_array_equal(dataset.images, images)
  np.testing.assert_array_equal(dataset.factors, factors)
  assert dataset.factor_names == names and dataset.class_factor == "shape"


def test_factors_of_smallnorb_are_read_and_its_images_fitted(tmp_path):
  images = random_images(4, 96, 96, 1)
  factors = np.array([[0, 4, 8, 2, 5], [1, 4, 0, 0, 0]] * 2)
  names = ("category", "instance", "elevation", "azimuth", "lighting")
  keys = [n if n == "instance" else f"label_{n}" for n in names]
  records = [
    {"image": image, "image2": image, **dict(zip(keys, row))}
    for image, row in zip(images, factors)
  ]
  prepare("smallnorb", tmp_path, records)
  with pytest.raises(UserError, match=r"96x96.*pad \(128x128\)"):
    load("smallnorb", tmp_path)
  dataset = load("smallnorb", tmp_path, fit="pad")
  np.testing.assert_array_equal(dataset.images[:, 16:112, 16:112], images)
  assert dataset.factor_names == names and dataset.class_factor == "category"
  assert dataset.factor_sizes == (2, 1, 2, 2, 2)  # only values that occur


def test_damaged_files_are_an_error(tmp_path):
  images = random_images(12, 28, 28, 1)
  records = [{"image": image, "label": 0} for image in images]
  cut(prepare("mnist", tmp_path, records))
  with pytest.raises(UserError, match="is damaged or is not mnist.*again"):
    load("mnist", tmp_path)


@pytest.mark.parametrize("file_format", ["tfrecord", None])
def test_error_says_how_to_prepare_the_data_set(tmp_path, file_format):
  if file_format:
    record = {"image": np.zeros((28, 28, 1), np.uint8), "label": 0}
    prepare("mnist", tmp_path, [record], file_format)
  with pytest.raises(UserError) as refused:
    load("mnist", tmp_path)
  command = f"tfds build mnist --file_format=array_record --data_dir={tmp_path}"
  assert command in str(refused.value)


@pytest.mark.parametrize(
  ("name", "message"),
  [
    ("", "data.tfds must name the data set"),
    ("minst", "data.tfds is 'minst'.*Dataset minst not found"),
    ("../mnist", "data.tfds is '../mnist'"),
  ],
)
def test_error_names_the_unknown_data_set(tmp_path, name, message):
  with pytest.raises(UserError, match=message) as refused:
    load(name, tmp_path)
  assert "\n" not in str(refused.value)


def test_error_says_that_tfds_is_needed(tmp_path, monkeypatch):
  monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
  for name in ("tfds", "dsprites_tfds"):
    message = rf"data.name={name} needs .*: pip install cascade_jax\[tfds\]"
    with pytest.raises(UserError, match=message):
      data.load(name, str(tmp_path), tfds="mnist")


def test_optional_packages_are_imported_by_what_needs_them():
  code = (
    "import sys; from cascade_jax import data; data.load('digits');"
    "print([m for m in ('tensorflow_datasets', 'h5py') if m in sys.modules])"
  )
  result = subprocess.run(
    [sys.executable, "-c", code], capture_output=True, text=True, check=True
  )
  assert result.stdout.strip() == "[]"
