"""The explorer of models of other projects, against twins of their layers."""

import sys

import numpy as np
import pytest

import cascade_jax
from cascade_jax.errors import UserError
from tests.helpers import browser, decoded, explored, launcher, torch_peers
from tests.helpers.torch_peers import DisentanglingVae, JointVae, saved

PEERS = [
  (JointVae, 32, 1),
  (JointVae, 64, 1),
  (DisentanglingVae, 32, 1),
  (DisentanglingVae, 64, 3),
]


@pytest.fixture(autouse=True)
def torch(monkeypatch):
  monkeypatch.setitem(sys.modules, "torch", torch_peers.torch_that_reads_npz)


def explored_peer(peer, folder, size, channels):
  """The model, with stronger contrasts, and its page."""
  for name, array in peer.weights.items():
    if name.startswith(("decoder", "latent_to", "features_to_img")):
      peer.weights[name] = 1.5 * array
  model = cascade_jax.load(saved(folder / "peer", peer))
  page = folder / "explore.html"
  model.explore(page, explored.dataset(size, channels))
  return model, page


@pytest.mark.parametrize(("kind", "size", "channels"), PEERS)
def test_it_equals_the_decoder_of_its_authors(kind, size, channels, tmp_path):
  peer = kind(size, channels)
  _, page = explored_peer(peer, tmp_path, size, channels)
  latents = np.random.default_rng(1).normal(size=(3, peer.m))
  categories = np.array([[0, 1], [2, 0], [1, 1]])[:, : len(peer.sizes)]
  pixels = 1 / (1 + np.exp(-peer.decode(latents, categories)))
  rows = [np.eye(s)[c] for s, c in zip(peer.sizes, categories.T)]
  images = decoded.in_node(
    explored.embedded(page.read_text())["layers"],
    latents,
    np.concatenate([np.zeros((3, 0)), *rows], axis=1),
  )
  expected = pixels.transpose(0, 2, 3, 1)
  assert expected.std(axis=0).max() > 0.05  # codes make a difference
  np.testing.assert_allclose(
    images.reshape(expected.shape), expected, rtol=0, atol=1e-5
  )


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
  with browser.opened(tmp_path_factory.mktemp("browser")) as tab:
    yield tab


@pytest.mark.parametrize(("kind", "size", "channels"), PEERS[1:])
def test_pictures_agree_with_jax(tab, kind, size, channels, tmp_path):
  peer = kind(size, channels)
  model, page = explored_peer(peer, tmp_path, size, channels)
  tab.open(page)
  assert tab.run("document.querySelectorAll('.choice').length") == sum(
    peer.sizes
  )

  def decode(latents, joint):
    return model._decode(model.contents.params, latents, joint)

  decoded.check_pictures(tab, decode, peer.m, peer.sizes)


def test_a_page_claims_no_seed_and_no_step_of_theirs(tmp_path):
  _, page = explored_peer(JointVae(32, 1), tmp_path, 32, 1)
  text = page.read_text()
  assert "<h1>joint_vae on thirty</h1>" in text
  assert '<p class="facts">32\u00d732</p>' in text


def test_arrays_are_shown_as_data_sets_are(tmp_path):
  model = cascade_jax.load(saved(tmp_path / "peer", JointVae(32, 1)))
  images = explored.dataset(32).images
  model.explore(tmp_path / "explore.html", images)
  found = explored.embedded((tmp_path / "explore.html").read_text())
  assert found["images"]["numRandom"] == 30 and found["factors"] == []


@pytest.mark.parametrize(
  ("name", "size", "message"),
  [
    ("page.txt", 32, "name an .html file"),
    ("nowhere/page.html", 32, "in a folder that exists"),
    ("page.html", 64, r"have shape \(64, 64, 1\); the model takes \(32, 32"),
  ],
)
def test_what_does_not_fit_is_refused(name, size, message, tmp_path):
  model = cascade_jax.load(saved(tmp_path / "peer", JointVae(32, 1)))
  with pytest.raises(UserError, match=message):
    model.explore(tmp_path / name, explored.dataset(size))
  assert [path.name for path in tmp_path.iterdir()] == ["peer"]


def test_the_command_takes_a_model_and_a_data_set(tmp_path):
  folder = saved(tmp_path / "peer", JointVae(32, 1))
  dataset = explored.dataset(32)
  np.savez(tmp_path / "images.npz", images=dataset.images)
  output = tmp_path / "explore.html"
  flags = [f"--model={folder}", f"--output={output}"]
  data = ["--data.name=arrays", f"--data.path={tmp_path / 'images.npz'}"]
  for wrong, message in (
    (flags, "does not say where its images are"),
    (flags[:1] + data, "--output is missing"),
    (["--workdir=runs/mine", *data], "--data is for --model"),
    ([*flags, *data, "--workdir=runs/mine"], "Exactly one of"),
  ):
    refused = launcher.call("explore", *wrong)
    assert refused.returncode == 1 and message in refused.stderr
    assert not output.exists()
  result = launcher.call("explore", *flags, *data)
  assert result.returncode == 0, result.stderr
  assert result.stdout == f"{output}\n"
  images = explored.embedded(output.read_text())["images"]
  assert images["numRandom"] == 30


def test_a_model_of_dsprites_says_so(tmp_path):
  for size, name in ((64, "dsprites"), (32, "given")):
    model = cascade_jax.load(saved(tmp_path / "peer", JointVae(size, 1)))
    assert model.contents.config["data"]["name"] == name
    assert model.contents.config["data"]["image_size"] == size
