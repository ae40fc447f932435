"""CascadeVAE-C: the cascade without a discrete code (Jeong & Song 2019).

All of `config.num_categories`, `discrete_start_phase` and `pairwise_weight` is
without effect. The authors' code has m = 10.
"""

from cascade_jax.methods.cascade_vae import CascadeVAE
from cascade_jax.types import Method


def build(config, image_shape: tuple[int, int, int]) -> Method:
  """The method for images H, W, C."""
  return CascadeVAE(config, image_shape, num_categories=()).method()
