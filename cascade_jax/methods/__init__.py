"""Methods, as losses that become records of pure functions.

Each file states a loss and has a builder of the same name as the method, which
takes plain keyword arguments: `cascade_vae((64, 64, 1), num_continuous=6)`.
`vae` makes a method of a loss of your own (docs/methods.md).
"""

from cascade_jax.methods.aae import aae, aae_s
from cascade_jax.methods.beta_tcvae import beta_tcvae
from cascade_jax.methods.beta_vae import beta_vae
from cascade_jax.methods.cascade import Cascade
from cascade_jax.methods.cascade_vae import cascade_vae, cascade_vae_c
from cascade_jax.methods.compose import constant_weights, vae
from cascade_jax.methods.factor_vae import factor_vae
from cascade_jax.methods.joint_vae import joint_vae
from cascade_jax.methods.method import About, Loss, Method
from cascade_jax.methods.registry import METHODS, about, build

__all__ = (
  "METHODS",
  "About",
  "Cascade",
  "Loss",
  "Method",
  "aae",
  "aae_s",
  "about",
  "beta_tcvae",
  "beta_vae",
  "build",
  "cascade_vae",
  "cascade_vae_c",
  "constant_weights",
  "factor_vae",
  "joint_vae",
  "vae",
)
