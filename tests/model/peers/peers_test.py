"""Both projects' models against twins of their layers in NumPy."""

import sys

import numpy as np
import pytest

import cascade_jax
from cascade_jax.errors import UserError
from tests.helpers import torch_peers
from tests.helpers.torch_peers import DisentanglingVae, JointVae, saved


@pytest.fixture(autouse=True)
def torch(monkeypatch):
  monkeypatch.setitem(sys.modules, "torch", torch_peers.torch_that_reads_npz)


@pytest.mark.parametrize(
  ("kind", "size", "channels"),
  [
    (JointVae, 32, 1),
    (JointVae, 64, 1),
    (DisentanglingVae, 32, 1),
    (DisentanglingVae, 64, 3),
  ],
)
def test_model_computes_what_its_authors_do(kind, size, channels, tmp_path):
  peer = kind(size, channels)
  model = cascade_jax.load(saved(tmp_path / "peer", peer))
  assert (model.num_continuous, model.num_categories) == (peer.m, peer.sizes)
  shape = (4, size, size, channels)
  images = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
  mean, scale, categories = peer.encode(images.transpose(0, 3, 1, 2) / 255)
  codes = model.represent(images)
  np.testing.assert_allclose(codes.mean, mean, atol=1e-5)
  np.testing.assert_allclose(codes.scale, scale, rtol=1e-5)
  np.testing.assert_array_equal(codes.categories, categories)
  pixels = 1 / (1 + np.exp(-peer.decode(mean, categories)))
  np.testing.assert_allclose(
    model.reconstruct(images), pixels.transpose(0, 2, 3, 1), atol=1e-5
  )


def test_a_file_of_ours_keeps_it(tmp_path):
  model = cascade_jax.load(saved(tmp_path / "peer", JointVae(32, 1)))
  model.save(tmp_path / "model.safetensors")
  again = cascade_jax.load(tmp_path / "model.safetensors")
  assert repr(again) == repr(model) and "joint_vae" in repr(model)
  z = np.ones((1, 2))
  np.testing.assert_array_equal(
    again.decode(z, [[1, 1]]), model.decode(z, [[1, 1]])
  )


def test_it_is_exported_to_jax_alone(tmp_path):
  model = cascade_jax.load(saved(tmp_path / "peer", JointVae(32, 1)))
  assert len(model.export(tmp_path / "exported")) == 2
  with pytest.raises(UserError, match="to='jax' exports any model"):
    model.export(tmp_path / "exported", to="onnx")


def broken(change):
  peer = JointVae(32, 1)
  change(peer)
  return peer


@pytest.mark.parametrize(
  ("change", "message"),
  [
    (lambda p: p.specs.pop("latent_spec"), "is of no project that is known"),
    (lambda p: p.specs.update(dataset="cats"), "not a whole model.*'cats'"),
    (lambda p: p.weights.pop("fc_mean.bias"), "not a whole model of joint_vae"),
    (
      lambda p: p.specs["latent_spec"].update(cont=3),
      "model.pt does not fit specs.json: .* is .* expected",
    ),
  ],
)
def test_what_does_not_fit_is_named(change, message, tmp_path):
  with pytest.raises(UserError, match=message):
    cascade_jax.load(saved(tmp_path / "peer", broken(change)))


def test_damaged_weights_are_named(tmp_path):
  folder = saved(tmp_path / "peer", JointVae(32, 1))
  (folder / "model.pt").write_bytes(b"no weights")
  with pytest.raises(UserError, match="model.pt can't be read"):
    cascade_jax.load(folder)


@pytest.mark.parametrize("version", ["2.9.1", "2.5.0+cpu", "1.13.1"])
def test_torch_that_can_be_made_to_run_code_is_refused(
  version, tmp_path, monkeypatch
):
  folder = saved(tmp_path / "peer", JointVae(32, 1))
  monkeypatch.setattr(sys.modules["torch"], "__version__", version)
  with pytest.raises(UserError, match=r"torch [\d.+cpu]+ can .* install 2.10"):
    cascade_jax.load(folder)


def test_missing_torch_is_named(tmp_path, monkeypatch):
  folder = saved(tmp_path / "peer", JointVae(32, 1))
  monkeypatch.setitem(sys.modules, "torch", None)
  with pytest.raises(UserError, match=r"cascade_jax\[torch\]"):
    cascade_jax.load(folder)
