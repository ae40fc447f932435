"""Models as two other projects wrote them, with twins of their layers in NumPy.

`torch_that_reads_npz` stands for PyTorch, which the tests do without.
"""

import json
import types

import numpy as np

from tests.helpers.torch_twins import (
  Weights,
  conv2d,
  conv_transpose2d,
  linear,
)


def relu(x):
  return np.maximum(x, 0)


class JointVae:
  """joint-vae as its authors wrote it: 2 dimensions, 3 and 2 categories."""

  project = "joint_vae"
  m, sizes = 2, (3, 2)

  def __init__(self, size, channels):
    self.specs = {
      "latent_spec": {"cont": 2, "disc": [3, 2]},
      "dataset": "dsprites" if size == 64 else "mnist",
    }
    down = [channels, 32, *[32] * (size == 64), 64, 64]
    up = [*[64] * (size == 64), 64, 32, 32, channels]
    w = self.weights = Weights()
    self.down = [f"img_to_features.{2 * i}" for i in range(len(down) - 1)]
    self.up = [f"features_to_img.{2 * i}" for i in range(len(up) - 1)]
    for name, inputs, outputs in zip(self.down, down, down[1:]):
      w.add(name, outputs, inputs, 4, 4)
    for name, inputs, outputs in zip(self.up, up, up[1:]):
      w.add(name, inputs, outputs, 4, 4, num_biases=outputs)
    w.add("features_to_hidden.0", 256, 64 * 16)
    w.add("fc_mean", 2, 256)
    w.add("fc_log_var", 2, 256)
    w.add("fc_alphas.0", 3, 256)
    w.add("fc_alphas.1", 2, 256)
    w.add("latent_to_features.0", 256, 7)
    w.add("latent_to_features.2", 64 * 16, 256)

  def encode(self, x):
    for name in self.down:
      x = relu(self.weights.apply(conv2d, name, x))
    x = x.reshape(len(x), -1)
    x = relu(self.weights.apply(linear, "features_to_hidden.0", x))
    heads = ("fc_mean", "fc_log_var", "fc_alphas.0", "fc_alphas.1")
    mean, log_var, *alphas = (self.weights.apply(linear, n, x) for n in heads)
    categories = np.stack([each.argmax(1) for each in alphas], 1)
    return mean, np.exp(log_var / 2), categories

  def decode(self, z, categories):
    codes = [np.eye(s)[c] for s, c in zip(self.sizes, categories.T)]
    x = np.concatenate([z, *codes], 1)
    for name in ("latent_to_features.0", "latent_to_features.2"):
      x = relu(self.weights.apply(linear, name, x))
    x = x.reshape(-1, 64, 4, 4)
    for name in self.up[:-1]:
      x = relu(self.weights.apply(conv_transpose2d, name, x))
    return self.weights.apply(conv_transpose2d, self.up[-1], x)


class DisentanglingVae:
  """disentangling-vae as its authors wrote it: 3 dimensions."""

  project = "disentangling_vae"
  m, sizes = 3, ()

  def __init__(self, size, channels):
    self.specs = {
      "model_type": "Burgess",
      "latent_dim": 3,
      "img_size": [channels, size, size],
      "dataset": "dsprites",
    }
    more = ["conv_64"] * (size == 64)
    self.down = ["conv1", "conv2", "conv3", *more]
    self.up = [*["convT_64"] * len(more), "convT1", "convT2", "convT3"]
    w = self.weights = Weights()
    for name in self.down:
      w.add(f"encoder.{name}", 32, channels if name == "conv1" else 32, 4, 4)
    for name in self.up:
      outputs = channels if name == "convT3" else 32
      w.add(f"decoder.{name}", 32, outputs, 4, 4, num_biases=outputs)
    w.add("encoder.lin1", 256, 512)
    w.add("encoder.lin2", 256, 256)
    w.add("encoder.mu_logvar_gen", 6, 256)
    w.add("decoder.lin1", 256, 3)
    w.add("decoder.lin2", 256, 256)
    w.add("decoder.lin3", 512, 256)

  def encode(self, x):
    for name in self.down:
      x = relu(self.weights.apply(conv2d, f"encoder.{name}", x))
    x = x.reshape(len(x), -1)
    for name in ("lin1", "lin2"):
      x = relu(self.weights.apply(linear, f"encoder.{name}", x))
    outputs = self.weights.apply(linear, "encoder.mu_logvar_gen", x)
    mean, log_var = np.moveaxis(outputs.reshape(-1, 3, 2), 2, 0)
    return mean, np.exp(log_var / 2), np.zeros((len(x), 0))

  def decode(self, z, categories):
    del categories
    x = z
    for name in ("lin1", "lin2", "lin3"):
      x = relu(self.weights.apply(linear, f"decoder.{name}", x))
    x = x.reshape(-1, 32, 4, 4)
    for name in self.up[:-1]:
      x = relu(self.weights.apply(conv_transpose2d, f"decoder.{name}", x))
    return self.weights.apply(conv_transpose2d, f"decoder.{self.up[-1]}", x)


def _load(path, map_location, weights_only):
  """Reads an .npz under the name model.pt."""
  assert map_location == "cpu" and weights_only
  with open(path, "rb") as file, np.load(file) as arrays:
    return {
      k: types.SimpleNamespace(numpy=lambda a=v: a) for k, v in arrays.items()
    }


torch_that_reads_npz = types.SimpleNamespace(
  load=_load, __version__="2.10.0+cpu"
)


def saved(folder, peer):
  """Saves a model as its project does; returns the folder."""
  folder.mkdir(exist_ok=True)
  (folder / "specs.json").write_text(json.dumps(peer.specs))
  with (folder / "model.pt").open("wb") as file:
    np.savez(file, **peer.weights)
  return folder
