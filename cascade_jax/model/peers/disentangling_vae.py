"""Models of disentangling-vae (Dubois, Kastanos, Lines & Melman 2019).

https://github.com/YannDubs/disentangling-vae: beta-VAE, beta-TCVAE, FactorVAE
and others, all with the networks of Burgess et al. 2018, and no discrete code.

Shapes: m continuous dimensions, H W C image.
"""

from typing import Any

import jax
import ml_collections

from cascade_jax.methods.method import Method
from cascade_jax.model.peers import networks, torch_layers
from cascade_jax.model.peers.peer_method import (
  log_variance_posterior,
  peer_method,
)
from cascade_jax.types import Params, Posterior


def build(
  config: ml_collections.ConfigDict, image_shape: tuple[int, int, int]
) -> Method:
  """Returns the method of the weights that `params` returns."""

  def split(outputs: jax.Array) -> tuple[Posterior, list[jax.Array]]:
    return log_variance_posterior(outputs[:, ::2], outputs[:, 1::2]), []

  m = config.num_continuous
  channels = (32,) * (4 if image_shape[0] == 64 else 3)  # they end at 4x4
  both = networks.networks(
    networks.Encoder(2 * m, channels, num_hidden=2),
    networks.Decoder(image_shape, channels, num_hidden=2),
    config.likelihood,
  )
  return peer_method(both, m, (), split)


def settings(specs: dict[str, Any]) -> dict[str, Any]:
  """Returns m and S of a specs.json; there are no discrete variables."""
  return {"num_continuous": specs["latent_dim"], "num_categories": ()}


def image_shape(specs: dict[str, Any]) -> tuple[int, int, int]:
  """Returns H, W, C of a specs.json, which has C, H, W."""
  channels, height, width = specs["img_size"]
  return height, width, channels


def params(weights: torch_layers.Weights) -> Params:
  """Returns a state_dict as parameters of `networks`."""
  # The layer that 64x64 images have more stands beside the 4x4 grid.
  has_more = "encoder.conv_64.weight" in weights
  down = ["conv1", "conv2", "conv3"] + ["conv_64"] * has_more
  up = ["convT_64"] * has_more + ["convT1", "convT2"]
  encoder = {
    "hidden_0": torch_layers.dense_of_grid(weights, "encoder.lin1"),
    "hidden_1": torch_layers.dense(weights, "encoder.lin2"),
    "head": torch_layers.dense(weights, "encoder.mu_logvar_gen"),
  }
  decoder = {
    "hidden_0": torch_layers.dense(weights, "decoder.lin1"),
    "hidden_1": torch_layers.dense(weights, "decoder.lin2"),
    "grid": torch_layers.dense_to_grid(weights, "decoder.lin3"),
    "logits": torch_layers.convolution(weights, "decoder.convT3"),
  }
  for index, name in enumerate(down):
    encoder[f"conv_{index}"] = torch_layers.convolution(
      weights, f"encoder.{name}"
    )
  for index, name in enumerate(up):
    decoder[f"conv_{index}"] = torch_layers.convolution(
      weights, f"decoder.{name}"
    )
  return {"encoder": {"params": encoder}, "decoder": {"params": decoder}}
