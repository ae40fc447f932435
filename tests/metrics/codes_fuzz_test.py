"""Damaged and odd files of codes: refused by name, or arrays to score."""

import io

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cascade_jax.metrics import MetricInputs, codes_file
from tests.helpers.mutations import damaged
from tests.helpers.properties import properties
from tests.helpers.readers import outcome

_CODES = {
  "factors": np.arange(12).reshape(6, 2) % 3,
  "means": np.linspace(-1, 1, 12).reshape(6, 2),
  "categories": np.arange(6) % 3,
  "scales": np.full((6, 2), 0.5),
  "kl": np.array([0.1, 0.2]),
}


def npz_of(arrays):
  file = io.BytesIO()
  np.savez_compressed(file, **arrays)
  return file.getvalue()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
  return tmp_path_factory.mktemp("codes") / "codes.npz"


@properties(40)
@hypothesis.given(content=damaged(npz_of(_CODES)))
def test_damage_is_refused_or_changes_nothing(path, content):
  found = outcome(codes_file.read, path, content)
  if found is not None:
    for name, array in found._asdict().items():
      np.testing.assert_array_equal(array, _CODES.get(name))


_ODD_ARRAYS = hnp.arrays(
  hnp.scalar_dtypes(),
  st.one_of(
    st.sampled_from([(), (2,), (6,), (6, 1), (6, 2), (5, 2)]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
  ),
)


@properties(40)
@hypothesis.given(st.sampled_from(MetricInputs._fields), _ODD_ARRAYS)
@hypothesis.example("kl", np.array([1, 2], "m8[Y]"))
@hypothesis.example("scales", np.full((6, 2), "a"))
@hypothesis.example("scales", np.full((6, 2), 1j))
def test_arrays_of_any_type_are_refused_or_can_be_scored(path, name, array):
  found = outcome(codes_file.read, path, npz_of(_CODES | {name: array}))
  if found is not None:
    assert found.num_examples > 0 and found.shapes()
