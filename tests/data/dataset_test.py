import numpy as np
import pytest

from cascade_jax import data

MANY = np.zeros((256, 4, 4))


def images_of(dataset):
  return np.asarray(
    data.unpack(dataset.images, dataset.image_shape, dataset.bits)
  )


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_binary_images_are_packed(kind):
  images = np.random.default_rng(0).integers(0, 2, (7, 8, 8)).astype(kind)
  dataset = data.from_arrays("mine", images)
  assert dataset.bits == 1 and dataset.images.shape == (7, 8)
  np.testing.assert_array_equal(images_of(dataset)[..., 0], images)


def test_black_and_white_in_255_steps_is_binary_too():
  images = 255 * np.eye(8, dtype=np.uint8)[None]
  np.testing.assert_array_equal(
    images_of(data.from_arrays("mine", images))[0, ..., 0], np.eye(8)
  )


def test_grey_and_colour_keep_their_levels():
  images = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 3), np.uint8)
  dataset = data.from_arrays("mine", images)
  assert dataset.bits == 8 and dataset.image_shape == (8, 8, 3)
  np.testing.assert_allclose(images_of(dataset), images / 255, rtol=1e-6)


def test_factors_are_described():
  dataset = data.from_arrays(
    "mine",
    np.zeros((4, 8, 8)),
    factors=np.array([[0, 1], [1, 3], [2, 0], [0, 0]]),
    factor_names=("kind", "place"),
    class_factor="kind",
  )
  assert dataset.factor_sizes == (3, 4)
  assert dataset.class_names == ("kind 0", "kind 1", "kind 2")


@pytest.mark.parametrize(
  ("images", "options", "message"),
  [
    (np.zeros(4), {}, "images must have shape"),
    (np.zeros((0, 8, 8)), {}, "images must have shape"),
    (np.full((1, 8, 8), 1.5), {}, r"\[0, 1\]"),
    (np.full((1, 8, 8), np.nan), {}, r"\[0, 1\]"),
    (np.zeros((1, 8, 8), np.int64), {}, "int64"),
    (np.zeros((2, 8, 8)), {"factors": np.zeros((3, 1), int)}, r"\[2, F\]"),
    (np.zeros((2, 8, 8)), {"factors": np.zeros((2, 1))}, "integers"),
    (
      np.zeros((2, 8, 8)),
      {"factors": np.zeros((2, 1), int), "factor_names": ("a", "b")},
      "2 factor names for 1",
    ),
    (
      np.zeros((2, 8, 8)),
      {"factors": np.zeros((2, 1), int), "class_factor": "b"},
      "class_factor is 'b'",
    ),
  ],
)
def test_bad_arrays_are_named(images, options, message):
  with pytest.raises(ValueError, match=message):
    data.from_arrays("mine", images, **options)


def test_sizes_of_factors_outgrow_their_type():
  factors = np.arange(256, dtype=np.uint8)[:, None]
  assert data.from_arrays("mine", MANY, factors).factor_sizes == (256,)


def test_nearly_black_images_stay_nearly_black():
  images = np.full((2, 4, 4), 1 / 255)
  dataset = data.from_arrays("mine", images)
  unpacked = data.unpack(dataset.images, dataset.image_shape, dataset.bits)
  np.testing.assert_allclose(unpacked[..., 0], images, rtol=1e-6)


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"class_factor": "a"}, "but no factors"),
    ({"factors": np.zeros((256, 0), int)}, r"\[256, F\].*got \(256, 0\)"),
    ({"factor_names": ("a", "a")}, "comes twice"),
    ({"class_names": ("one", "two")}, "no class_factor"),
    (
      {
        "factor_names": ("a", "b"),
        "class_factor": "b",
        "class_names": ("one", "two"),
      },
      "2 class names for 1 values of 'b'",
    ),
  ],
)
def test_bad_descriptions_are_named(options, message):
  if options.keys() != {"class_factor"}:
    options = {"factors": np.zeros((256, 2), int), **options}
  with pytest.raises(ValueError, match=message):
    data.from_arrays("mine", MANY, **options)


def test_arrays_load_from_a_file(tmp_path):
  path = tmp_path / "mine.npz"
  np.savez(path, images=np.zeros((3, 16, 16)), factors=np.arange(3)[:, None])
  dataset = data.load("arrays", path=str(path))
  assert dataset.name == "mine" and dataset.factor_sizes == (3,)


def test_a_file_may_name_its_factors(tmp_path):
  path = tmp_path / "mine.npz"
  np.savez(
    path,
    images=np.zeros((2, 16, 16)),
    factors=np.array([[0, 1], [1, 0]]),
    factor_names=np.array(["kind", "place"]),
    class_factor="kind",
    class_names=np.array(["cat", "dog"]),
  )
  dataset = data.load("arrays", path=str(path))
  assert dataset.factor_names == ("kind", "place")
  assert dataset.class_factor == "kind"
  assert dataset.class_names == ("cat", "dog")


def test_pickles_in_a_file_are_refused(tmp_path):
  path = tmp_path / "mine.npz"
  np.savez(path, images=np.array([{"a": 1}], dtype=object))
  with pytest.raises(ValueError, match="not a whole .npz"):
    data.load("arrays", path=str(path))


def test_missing_files_and_names_are_named(tmp_path):
  with pytest.raises(FileNotFoundError, match="nowhere.npz"):
    data.load("arrays", path=str(tmp_path / "nowhere.npz"))
  np.savez(tmp_path / "other.npz", pictures=np.zeros(3))
  with pytest.raises(ValueError, match="no array named images"):
    data.load("arrays", path=str(tmp_path / "other.npz"))
  with pytest.raises(ValueError, match="'mnist'.*'dsprites'"):
    data.load("mnist")
