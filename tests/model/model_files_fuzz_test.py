"""Damaged files of models are refused by name, or hold what they held."""

import json

import chex
import hypothesis
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import strategies as st

from cascade_jax import config as config_lib
from cascade_jax.model import load, pretrained
from cascade_jax.model.contents import Contents
from tests.helpers.mutations import damaged, damaged_json
from tests.helpers.properties import properties
from tests.helpers.readers import outcome
from tests.helpers.reported_run import EVALUATION

_FIELDS = {
  "config": json.loads(config_lib.default().to_json()),
  "image_shape": [64, 64, 1],
  "step": 8,
  "seed": 3,
  "dataset": "sprites",
  "class_names": ["a", "b", "c"],
  "evaluation": EVALUATION,
  "provenance": {"versions": {"jax": "0.10.1"}},
}
_PARAMS = {"encoder": {"kernel": np.arange(6, dtype=np.float32)}}
_CONTENTS = Contents(
  _PARAMS, **{k: pretrained._as_tuple(v) for k, v in _FIELDS.items()}
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
  return tmp_path_factory.mktemp("models") / "mine.safetensors"


@pytest.fixture(scope="module")
def whole(path):
  pretrained.write(path, _CONTENTS)
  assert pretrained.read(path).step == 8  # or all is refused below
  return path.read_bytes()


@properties(100)
@hypothesis.given(data=st.data())
def test_damage_is_refused_or_changes_nothing(path, whole, data):
  found = outcome(pretrained.read, path, data.draw(damaged(whole)))
  if found is not None:
    chex.assert_trees_all_equal(found.params, _CONTENTS.params)
    assert found._replace(params={}) == _CONTENTS._replace(params={})


@properties(10)
@hypothesis.given(text=damaged_json(_FIELDS))
@hypothesis.example(text=b"{")
@hypothesis.example(text=b"[]")
@hypothesis.example(text=json.dumps({**_FIELDS, "more": 1}).encode())
@hypothesis.example(text=json.dumps({**_FIELDS, "image_shape": [1]}).encode())
def test_contents_of_any_kind_are_refused(path, text):
  """Of a stranger, whose digest is right; the weights fit no config."""
  tensors = {"encoder/kernel": _PARAMS["encoder"]["kernel"]}
  metadata = {
    "cascade_jax": "1",
    "contents": text.decode(),
    "digest": pretrained._digest(text.decode(), tensors),
  }
  content = safetensors.numpy.save(tensors, metadata)
  assert outcome(load, path, content) is None
