"""Models of joint-vae, the code of Dupont, NeurIPS 2018.

https://github.com/Schlumberger/joint-vae. At 64x64 its networks have the sizes
of ours, at 32x32 its encoder is wider.

Shapes: m continuous dimensions, S categories of each discrete variable.
"""

from typing import Any

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np

from cascade_jax.methods.method import Method
from cascade_jax.model.peers import networks, torch_layers
from cascade_jax.model.peers.peer_method import (
  log_variance_posterior,
  peer_method,
)
from cascade_jax.types import Params, Posterior

# specs.json has no image size; their loader knows it by the data set.
_IMAGE_SHAPES = {
  "mnist": (32, 32, 1),
  "fashion_mnist": (32, 32, 1),
  "chairs": (64, 64, 1),
  "dsprites": (64, 64, 1),
  "celeba": (64, 64, 3),
}


def build(
  config: ml_collections.ConfigDict, image_shape: tuple[int, int, int]
) -> Method:
  """Returns the method of the weights that `params` returns."""
  m, sizes = config.num_continuous, tuple(config.num_categories)

  def split(outputs: jax.Array) -> tuple[Posterior, list[jax.Array]]:
    ends = np.cumsum([m, m, *sizes])[:-1]
    mean, log_variance, *logits = jnp.split(outputs, ends, axis=1)
    return log_variance_posterior(mean, log_variance), logits

  more = (32,) if image_shape[0] == 64 else ()
  both = networks.networks(
    networks.Encoder(2 * m + sum(sizes), (32, *more, 64, 64), num_hidden=1),
    networks.Decoder(
      image_shape, (64, *(64,) * len(more), 32, 32), num_hidden=1
    ),
    config.likelihood,
  )
  return peer_method(both, m, sizes, split)


def settings(specs: dict[str, Any]) -> dict[str, Any]:
  """Returns m and S of a specs.json."""
  latents = specs["latent_spec"]
  return {
    "num_continuous": latents.get("cont", 0),
    "num_categories": tuple(latents.get("disc", ())),
  }


def image_shape(specs: dict[str, Any]) -> tuple[int, int, int]:
  """Returns H, W, C; a `KeyError` for a data set that joint-vae has not."""
  return _IMAGE_SHAPES[specs["dataset"]]


def params(weights: torch_layers.Weights) -> Params:
  """Returns a state_dict as parameters of `networks`."""
  convolutions = _numbers(weights, "img_to_features")
  transposed = _numbers(weights, "features_to_img")
  heads = ["fc_mean", "fc_log_var"]
  heads += [f"fc_alphas.{number}" for number in _numbers(weights, "fc_alphas")]
  encoder = {
    "hidden_0": torch_layers.dense_of_grid(weights, "features_to_hidden.0"),
    "head": torch_layers.side_by_side(
      [torch_layers.dense(weights, name) for name in heads]
    ),
  }
  decoder = {
    "hidden_0": torch_layers.dense(weights, "latent_to_features.0"),
    "grid": torch_layers.dense_to_grid(weights, "latent_to_features.2"),
    "logits": torch_layers.convolution(
      weights, f"features_to_img.{transposed.pop()}"
    ),
  }
  for layers, prefix, numbers in (
    (encoder, "img_to_features", convolutions),
    (decoder, "features_to_img", transposed),
  ):
    for index, number in enumerate(numbers):
      layers[f"conv_{index}"] = torch_layers.convolution(
        weights, f"{prefix}.{number}"
      )
  return {"encoder": {"params": encoder}, "decoder": {"params": decoder}}


def _numbers(weights: torch_layers.Weights, prefix: str) -> list[int]:
  """Returns the numbers of the layers in a sequence of layers, in order."""
  return sorted(
    {
      int(name.split(".")[1])
      for name in weights
      if name.startswith(f"{prefix}.")
    }
  )
