"""Damaged files of images: refused by name, or images as documented."""

import gzip
import io
import struct

import h5py
import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from cascade_jax.data import arrays_file, dsprites, dsprites_files, folder, idx
from tests.helpers.dsprites_file import SIZES, write_hdf5
from tests.helpers.mutations import damaged
from tests.helpers.properties import properties
from tests.helpers.readers import outcome

_RNG = np.random.default_rng(0)
_GREY = _RNG.integers(0, 256, (16, 16), np.uint8)
_COLOUR = _RNG.integers(0, 256, (16, 16, 3), np.uint8)
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")


def encoded(pixels, kind):
  file = io.BytesIO()
  Image.fromarray(pixels).save(file, kind)
  return file.getvalue()


_IMAGES = {kind: encoded(_COLOUR, kind) for kind in _FORMATS}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
  return tmp_path_factory.mktemp("files")


@pytest.mark.parametrize("kind", _FORMATS)
@properties(20)
@hypothesis.given(data=st.data())
def test_an_image_is_refused_or_decoded(place, kind, data):
  """Its pixels may be wrong, which most formats can't tell."""
  path = place / kind / f"image.{kind.lower()}"
  path.parent.mkdir(exist_ok=True)
  content = data.draw(damaged(_IMAGES[kind], _IMAGES["PNG"]))
  dataset = outcome(lambda _: folder.load(path.parent, "pad"), path, content)
  if dataset is not None:
    check_images(dataset)


def check_images(dataset):
  height, width, channels = dataset.image_shape
  assert height == width and channels > 0
  assert dataset.images.dtype == np.uint8 and len(dataset.images)
  if dataset.factors is not None:
    shape = (len(dataset.images), len(dataset.factor_names))
    assert dataset.factors.shape == shape


def idx_of(array):
  return (
    struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    + array.tobytes()
  )


_IDX = idx_of(np.stack([_GREY, _GREY.T]))


@properties(40)
@hypothesis.given(content=damaged(_IDX, idx_of(np.arange(2, dtype=np.uint8))))
def test_an_idx_file_is_refused_or_an_array(place, content):
  array = outcome(
    lambda path: idx.read(path, 3), place / "train-images", content
  )
  if array is not None:
    assert array.dtype == np.uint8 and array.ndim == 3


@properties(40)
@hypothesis.given(content=damaged(gzip.compress(_IDX), _IDX))
def test_a_compressed_idx_file_is_refused_or_unchanged(place, content):
  array = outcome(
    lambda path: idx.read(path, 3), place / "train-images.gz", content
  )
  if array is not None and content[:2] == b"\x1f\x8b":
    np.testing.assert_array_equal(array, [_GREY, _GREY.T])


def npz_of(**arrays):
  file = io.BytesIO()
  np.savez_compressed(file, **arrays)
  return file.getvalue()


def hdf5_of(**arrays):
  """An .hdf5 with strings of a fixed length: docs/reliability.md says why."""
  file = io.BytesIO()
  with h5py.File(file, "w") as archive:
    for name, array in arrays.items():
      array = np.asarray(array)
      archive[name] = array.astype("S") if array.dtype.kind == "U" else array
  return file.getvalue()


DESCRIBED = {
  "images": np.stack([_GREY] * 6),
  "factors": np.array([[0, 1], [1, 0], [1, 1], [0, 0], [1, 0], [0, 1]]),
  "factor_names": np.array(["kind", "place"]),
  "class_factor": np.array("kind"),
  "class_names": np.array(["cat", "dog"]),
}
_ARRAYS = npz_of(**DESCRIBED)
_NPY = io.BytesIO()
np.save(_NPY, np.stack([_GREY] * 6))


_NPY = _NPY.getvalue()
_HDF5 = hdf5_of(**DESCRIBED)


def _load(path):
  return arrays_file.load(path, "pad")


def test_what_is_not_damaged_is_read(place):
  """Or all would be refused here."""
  for content in (_NPY, _HDF5, _ARRAYS):
    assert outcome(_load, place / "mine", content)


@pytest.mark.parametrize("whole", [_NPY, _HDF5], ids=["npy", "hdf5"])
@properties(40)
@hypothesis.given(data=st.data())
def test_arrays_without_checksums_are_refused_or_make_a_data_set(
  place, whole, data
):
  dataset = outcome(_load, place / "mine", data.draw(damaged(whole, _ARRAYS)))
  if dataset is not None:
    check_images(dataset)


@properties(40)
@hypothesis.given(content=damaged(_ARRAYS, _NPY))
def test_arrays_with_checksums_are_refused_or_unchanged(place, content):
  dataset = outcome(_load, place / "mine", content)
  if dataset is not None and content.startswith(b"PK"):
    np.testing.assert_array_equal(dataset.images[..., 0], DESCRIBED["images"])
    np.testing.assert_array_equal(dataset.factors, DESCRIBED["factors"])
    assert dataset.class_names == ("cat", "dog")


@pytest.fixture(scope="module", params=["npz", "hdf5"])
def sprites(request):
  """A dSprites file of few factor values."""
  grid = dsprites.factor_grid(SIZES)
  arrays = {
    "imgs": dsprites.render(grid),
    "latents_classes": np.insert(grid, 0, 0, axis=1),
  }
  if request.param == "npz":
    return npz_of(**arrays)
  file = io.BytesIO()
  write_hdf5(file, arrays)
  return file.getvalue()


@properties(40)
@hypothesis.given(data=st.data())
def test_dsprites_are_refused_or_packed(place, sprites, data):
  path = place / "sprites"
  content = data.draw(damaged(sprites, _ARRAYS))
  rows = outcome(lambda _: dsprites_files.read(path, SIZES), path, content)
  if rows is not None:
    assert (rows.dtype, rows.shape) == (np.uint64, (np.prod(SIZES), 64))
  if rows is not None and content.startswith(b"PK"):
    path.write_bytes(sprites)
    np.testing.assert_array_equal(rows, dsprites_files.read(path, SIZES))


_ODD_ARRAYS = hnp.arrays(
  st.one_of(
    hnp.scalar_dtypes(),
    hnp.byte_string_dtypes(max_len=3),
    hnp.unicode_string_dtypes(max_len=3),
  ),
  st.one_of(
    st.sampled_from([(), (6,), (6, 1), (6, 2), (2,), (6, 16, 16)]),
    hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3),
  ),
)


@pytest.mark.parametrize("write", [npz_of, hdf5_of])
@properties(40)
@hypothesis.given(data=st.data())
def test_arrays_of_any_type_are_refused_or_make_a_data_set(place, write, data):
  name = data.draw(st.sampled_from(arrays_file.NAMES))
  arrays = DESCRIBED | {name: data.draw(_ODD_ARRAYS)}
  try:
    content = write(**arrays)
  except (TypeError, ValueError):  # h5py has no such type
    hypothesis.reject()
  dataset = outcome(_load, place / "mine", content)
  if dataset is not None:
    check_images(dataset)
