"""Damaged folders of other projects' models are refused by name."""

import sys

import hypothesis
import pytest
from hypothesis import strategies as st

from cascade_jax.model import peers
from tests.helpers import torch_peers
from tests.helpers.mutations import damaged_json
from tests.helpers.properties import properties
from tests.helpers.readers import outcome


@pytest.fixture(
  scope="module", params=[torch_peers.JointVae, torch_peers.DisentanglingVae]
)
def peer(request, tmp_path_factory):
  """A model's folder, and its specs."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setitem(sys.modules, "torch", torch_peers.torch_that_reads_npz)
    model = request.param(32, 1)
    yield torch_peers.saved(tmp_path_factory.mktemp("peer"), model), model.specs


def read(path):
  return peers.read(path.parent)


@properties(40)
@hypothesis.given(data=st.data())
def test_specs_of_any_kind_are_refused_or_fit_the_weights(peer, data):
  folder, specs = peer
  path = folder / "specs.json"
  content = data.draw(damaged_json(specs))
  contents = outcome(read, path, content, name=folder)
  if contents is not None:
    assert len(contents.image_shape) == 3
