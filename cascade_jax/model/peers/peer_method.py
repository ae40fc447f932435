"""A method that represents and decodes, and isn't trained here.

Shapes: B batch, m continuous dimensions, S categories of each discrete
variable.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from cascade_jax.errors import UserError
from cascade_jax.methods import codes, compose
from cascade_jax.methods.method import Method
from cascade_jax.networks.autoencoder import Autoencoder
from cascade_jax.types import (
  Batch,
  Posterior,
  Representation,
  StepInputs,
  StepMetrics,
  TrainState,
)


def peer_method(
  networks: Autoencoder,
  num_continuous: int,
  num_categories: tuple[int, ...],
  split: Callable[[jax.Array], tuple[Posterior, list[jax.Array]]],
) -> Method:
  """Returns the method of a peer's networks.

  Args:
    networks: encoder and decoder.
    num_continuous: m.
    num_categories: of each discrete variable, which the encoder infers.
    split: maps the encoder's outputs to q(z|x) and the logits `[B, S]` of each
      discrete variable.
  """

  def represent(
    params: Any, images: jax.Array, discrete: bool
  ) -> Representation[jax.Array]:
    del discrete
    posterior, logits = split(networks.encode(params, images))
    best = [each.argmax(axis=1) for each in logits]
    rows = [jnp.zeros((images.shape[0], 0))]
    rows += map(jax.nn.one_hot, best, num_categories)
    categories = jnp.zeros((images.shape[0], 0), jnp.int32)
    if best:
      categories = jnp.stack(best, axis=1).astype(jnp.int32)
    nll = networks.nll(
      params, images, posterior.mean, jnp.concatenate(rows, axis=1)
    )
    return Representation(*posterior, categories, nll)

  return Method(
    schedule=compose.one_stage(discrete=bool(num_categories)),
    init=compose.initial_state(
      networks, optax.identity(), num_continuous, sum(num_categories)
    ),
    update=_refuse_to_train,
    represent=represent,
    decode=codes.decoder_means(networks, num_categories),
    num_categories=num_categories,
  )


def log_variance_posterior(
  mean: jax.Array, log_variance: jax.Array
) -> Posterior:
  """Returns q(z|x) of a mean and a log-variance, `[B, m]` each."""
  return Posterior(mean, jnp.exp(log_variance / 2))


def _refuse_to_train(
  state: TrainState, batch: Batch, inputs: StepInputs
) -> tuple[TrainState, StepMetrics]:
  raise UserError("a model of another project is not trained here")
