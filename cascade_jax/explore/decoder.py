"""The decoder's weights, for the page to compute it from.

Shapes: m continuous dimensions, S categories of all discrete variables, H W C
image.
"""

import functools
from typing import Any, NamedTuple

import flax
import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.evaluation.evaluate import Evaluator
from cascade_jax.methods import Method
from cascade_jax.networks.models import Decoder
from cascade_jax.types import TrainState

_LEVEL = 1 / 255  # the least difference that a screen shows


class Layer(NamedTuple):
  """A layer of `networks.models.Decoder`, as Flax stores it."""

  name: str
  kernel: np.ndarray  # float32
  bias: np.ndarray  # float32


def decoder_layers(evaluator: Evaluator, state: TrainState) -> list[Layer]:
  """Returns the layers of a state's decoder in the order of computation.

  Args:
    evaluator: whose method and data set the state has.
    state: of one replica.

  Raises:
    UserError: the images have neither 1 nor 3 channels, or the method (one of
      the user's own) decodes otherwise than by `networks.models.Decoder`.
  """
  image_shape = evaluator.dataset.image_shape
  if image_shape[-1] not in (1, 3):
    raise UserError(
      f"images have {image_shape[-1]} channels (shape {image_shape}); the page "
      "shows 1 or 3"
    )
  difference = jax.jit(
    functools.partial(
      _difference,
      Decoder(image_shape),
      evaluator.method,
      evaluator.config.num_continuous,
    )
  )
  try:
    largest = float(difference(state.params))
  except (KeyError, TypeError, flax.errors.FlaxError) as error:
    raise UserError(f"{_refusal(evaluator)} ({error})") from error
  if not largest <= _LEVEL:
    raise UserError(f"{_refusal(evaluator)} (off by {largest:.3f})")
  params = jax.device_get(state.params["decoder"]["params"])
  names = ["hidden", "grid", *sorted(n for n in params if "conv" in n)]
  return [
    Layer(name, params[name]["kernel"], params[name]["bias"])
    for name in [*names, "logits"]
  ]


def _difference(
  decoder: Decoder, method: Method, num_continuous: int, params: Any
) -> jax.Array:
  """Returns how far the method's image of one code is from the decoder's."""
  latents = jnp.ones((1, num_continuous))
  codes = jnp.zeros((1, sum(method.num_categories)))
  logits: Any = decoder.apply(params["decoder"], latents, codes)
  expected = method.decode(params, latents, jnp.full(1, -1))
  return jnp.abs(jax.nn.sigmoid(logits) - expected).max()


def _refusal(evaluator: Evaluator) -> str:
  return (
    f"method {evaluator.config.method!r} decodes otherwise than by "
    "cascade_jax.networks.models.Decoder, which is what the page can compute"
  )
