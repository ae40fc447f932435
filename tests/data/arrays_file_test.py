"""A user's own arrays come from .npz, .npy and .hdf5 files."""

import sys

import h5py
import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.errors import UserError
from tests.helpers.dsprites_file import cut

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 3), np.uint8)
DESCRIBED = {
  "images": IMAGES,
  "factors": np.array([[0, 1], [1, 0], [1, 1], [0, 0], [1, 0], [0, 1]]),
  "factor_names": np.array(["kind", "place"]),
  "class_factor": np.array("kind"),
  "class_names": np.array(["cat", "dog"]),
}


def write_npz(path, arrays):
  with path.open("wb") as file:
    np.savez_compressed(file, **arrays)


def write_hdf5(path, arrays):
  with h5py.File(path, "w") as file:
    for name, array in arrays.items():
      file[name] = array.tolist() if array.dtype.kind == "U" else array


WRITERS = {".npz": write_npz, ".hdf5": write_hdf5, ".h5": write_hdf5}


@pytest.fixture(params=WRITERS)
def write(request, tmp_path):
  """A function that writes arrays to a file and returns its path."""

  def writer(arrays):
    path = tmp_path / f"mine{request.param}"
    WRITERS[request.param](path, arrays)
    return path

  return writer


def test_images_alone_are_read(write):
  dataset = data.load("arrays", str(write({"images": IMAGES})))
  assert dataset.name == "mine" and dataset.factors is None
  np.testing.assert_array_equal(dataset.images, IMAGES)


def test_factors_and_their_names_are_read(write):
  dataset = data.load("arrays", str(write(DESCRIBED)))
  np.testing.assert_array_equal(dataset.factors, DESCRIBED["factors"])
  assert dataset.factor_names == ("kind", "place")
  assert dataset.class_factor == "kind"
  assert dataset.class_names == ("cat", "dog")


@pytest.mark.parametrize(
  "labels", [np.array([1, 5, 7, 1, 5, 7]), np.array(list("abcabc"))]
)
def test_labels_are_read(write, labels):
  path = write({"images": IMAGES, "labels": labels})
  dataset = data.load("arrays", str(path))
  np.testing.assert_array_equal(dataset.classes, [0, 1, 2, 0, 1, 2])
  assert dataset.class_factor == "class"


def test_npy_holds_images_only(tmp_path):
  np.save(tmp_path / "mine.npy", IMAGES)
  dataset = data.load("arrays", str(tmp_path / "mine.npy"))
  np.testing.assert_array_equal(dataset.images, IMAGES)
  assert dataset.name == "mine" and dataset.factors is None


def test_images_of_other_sizes_are_fitted_as_asked(write):
  path = str(write({"images": IMAGES[:, :12]}))
  with pytest.raises(UserError, match=r"12x16 .*pad \(16x16\)"):
    data.load("arrays", path)
  fitted = data.load("arrays", path, fit="pad")
  np.testing.assert_array_equal(fitted.images[:, 2:14], IMAGES[:, :12])


@pytest.mark.parametrize(
  ("wrong", "message"),
  [
    ({"factor": np.zeros((6, 1), int)}, "'factor'; did you mean 'factors'?"),
    ({"label": np.zeros(6, int)}, "'label'; did you mean 'labels'?"),
    ({"ids": np.arange(6)}, "an array named 'ids'; the names are images,"),
    ({"class_names": np.arange(2)}, r"class_names .* is \[0, 1\]; it must be"),
    ({"class_factor": np.array(["class"])}, "must be a single string"),
    ({"class_names": np.array("ab")}, "must be a list of strings"),
  ],
)
def test_error_names_the_wrong_array(write, wrong, message):
  path = write({"images": IMAGES, "labels": np.arange(6), **wrong})
  with pytest.raises(UserError, match=message.replace("?", r"\?")) as refused:
    data.load("arrays", str(path))
  assert "\n" not in str(refused.value)


def test_error_says_that_there_are_no_images(write):
  path = write({"labels": np.arange(6)})
  with pytest.raises(UserError, match="has no array named 'images'"):
    data.load("arrays", str(path))


def make_html(path):
  path.write_text("<!DOCTYPE html><title>Not found</title>")


def empty(path):
  path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, make_html, empty])
def test_error_names_the_damaged_file(write, damage):
  path = write({"images": IMAGES})
  damage(path)
  with pytest.raises(UserError, match=f"{path.name} is (damaged|not an .npz)"):
    data.load("arrays", str(path))


def test_pickles_in_a_file_are_refused(tmp_path):
  pickled = np.array([{"a": 1}], dtype=object)
  np.savez(tmp_path / "mine.npz", images=pickled)
  np.save(tmp_path / "mine.npy", pickled)
  for name in ("mine.npz", "mine.npy"):
    with pytest.raises(UserError, match=f"{name}: .*no pickle is read"):
      data.load("arrays", str(tmp_path / name))


def test_npy_that_claims_more_than_it_holds_is_refused(tmp_path):
  path = tmp_path / "mine.npy"
  header = {"descr": "|u1", "fortran_order": False, "shape": (2**31, 256, 256)}
  with path.open("wb") as file:
    np.lib.format.write_array_header_1_0(file, header)
    file.write(bytes(100))
  with pytest.raises(UserError, match="mine.npy is damaged .* are 100"):
    data.load("arrays", str(path))


def test_groups_in_an_hdf5_are_refused(tmp_path):
  with h5py.File(tmp_path / "mine.h5", "w") as file:
    file["train/images"] = IMAGES
  with pytest.raises(UserError, match="mine.h5: 'train' in it is no array"):
    data.load("arrays", str(tmp_path / "mine.h5"))


def test_error_says_that_hdf5_needs_h5py(tmp_path, monkeypatch):
  write_hdf5(tmp_path / "mine.h5", {"images": IMAGES})
  monkeypatch.setitem(sys.modules, "h5py", None)
  with pytest.raises(UserError, match=r"needs h5py: pip .* cascade_jax\[hdf5"):
    data.load("arrays", str(tmp_path / "mine.h5"))


def test_error_names_the_missing_file_or_data_set(tmp_path):
  with pytest.raises(UserError, match="nowhere.npz"):
    data.load("arrays", path=str(tmp_path / "nowhere.npz"))
  with pytest.raises(UserError, match="data.path must say where"):
    data.load("arrays")
  with pytest.raises(UserError, match="'mnist'.*'dsprites'"):
    data.load("mnist")
