"""Damaged files of arrays: refused by name, or arrays as documented."""

import io

import h5py
import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from cascade_jax.array_files import hdf5, mapped, npy, npz
from tests.helpers.mutations import damaged
from tests.helpers.properties import properties
from tests.helpers.readers import outcome

_RNG = np.random.default_rng(0)
_ARRAYS = {
  "images": _RNG.integers(0, 256, (5, 8, 8), np.uint8),
  "factors": _RNG.integers(0, 3, (5, 2)),
  "names": np.array(["a", "bc"]),
}


def _npz(save):
  file = io.BytesIO()
  save(file, **_ARRAYS)
  return file.getvalue()


def _npy(array):
  file = io.BytesIO()
  np.save(file, array)
  return file.getvalue()


def _hdf5(**options):
  """An .hdf5 with strings of a fixed length: docs/reliability.md says why."""
  file = io.BytesIO()
  with h5py.File(file, "w") as archive:
    for name in ("images", "factors"):
      archive.create_dataset(name, data=_ARRAYS[name], **options)
    archive["names"] = _ARRAYS["names"].astype("S")
  return file.getvalue()


_STORED, _COMPRESSED = _npz(np.savez), _npz(np.savez_compressed)
_NPY = _npy(_ARRAYS["images"])
_CHECKED = _hdf5(fletcher32=True)
_HDF5 = _hdf5()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
  return tmp_path_factory.mktemp("arrays") / "mine"


def read_npz(path):
  return npz.read(path, tuple(_ARRAYS))


def read_hdf5(path):
  return hdf5.read(path, tuple(_ARRAYS))


def test_what_is_not_damaged_is_read(path):
  """Or all would be refused below."""
  for content in (_STORED, _COMPRESSED):
    check_same(outcome(read_npz, path, content) or {})
  for content in (_HDF5, _CHECKED):
    assert outcome(read_hdf5, path, content).keys() == _ARRAYS.keys()
  np.testing.assert_array_equal(
    outcome(npy.read_file, path, _NPY), _ARRAYS["images"]
  )


@properties(100)
@hypothesis.given(content=damaged(_STORED, _COMPRESSED))
def test_a_stored_npz_is_refused_or_unchanged(path, content):
  check_same(outcome(read_npz, path, content))


@properties(100)
@hypothesis.given(content=damaged(_COMPRESSED, _STORED))
def test_a_compressed_npz_is_refused_or_unchanged(path, content):
  check_same(outcome(read_npz, path, content))


def check_same(found):
  """Every array is what was written, for a CRC guards it."""
  if found is not None:
    assert found.keys() == _ARRAYS.keys()
    for name, array in found.items():
      np.testing.assert_array_equal(array, _ARRAYS[name], strict=True)


@properties(100)
@hypothesis.given(content=damaged(_NPY, _STORED))
def test_an_npy_is_refused_or_an_array(path, content):
  """Its values may be wrong, which nothing tells."""
  array = outcome(npy.read_file, path, content)
  view = outcome(mapped.mapped_file, path, content)
  assert (array is None) == (view is None)
  if array is not None:
    assert array.dtype.kind in "biufcSUmM" and array.nbytes <= len(content)
    np.testing.assert_array_equal(
      array.view("u1"), np.ascontiguousarray(view).view("u1")
    )


@pytest.mark.parametrize("whole", [_HDF5, _CHECKED], ids=["plain", "checked"])
@properties(100)
@hypothesis.given(data=st.data())
def test_an_hdf5_is_refused_or_holds_arrays(path, whole, data):
  """Also a checked one: the index of its chunks has no checksum."""
  content = data.draw(damaged(whole, _NPY))
  for array in (outcome(read_hdf5, path, content) or {}).values():
    assert isinstance(array, np.ndarray | np.generic | str)
