"""The decoder as a list of layers, for the page to compute it from.

Ours and those of joint-vae and disentangling-vae are made of the same kinds of
layers and differ in their number and sizes.

Shapes: m continuous dimensions, S categories of all discrete variables, H W C
image.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.evaluation.evaluate import Evaluator
from cascade_jax.methods import codes
from cascade_jax.types import Params, TrainState

_LEVEL = 1 / 255  # the least difference that a screen shows


class Layer(NamedTuple):
  """A layer with its activation, as decoder.js computes it.

  Attributes:
    kind: "dense"; or "transposed convolution", which has 4x4 taps and stride 2
      and doubles height and width.
    activation: "relu" or "sigmoid".
    kernel: float32 as Flax stores it, `[inputs, outputs]`, or of a transposed
      convolution `[4, 4, outputs, inputs]`.
    bias: `[outputs]` float32.
  """

  kind: str
  activation: str
  kernel: np.ndarray
  bias: np.ndarray


def decoder_layers(evaluator: Evaluator, state: TrainState) -> list[Layer]:
  """Returns the layers of a state's decoder in the order of computation.

  Args:
    evaluator: whose method and data set the state has.
    state: of one replica.

  Raises:
    UserError: the images have neither 1 nor 3 channels, or the method (one of
      the user's own) decodes otherwise than by such layers.
  """
  image_shape = evaluator.dataset.image_shape
  if image_shape[-1] not in (1, 3):
    raise UserError(
      f"images have {image_shape[-1]} channels (shape {image_shape}); the page "
      "shows 1 or 3"
    )
  latents = jnp.ones((1, evaluator.config.num_continuous))
  no_category = jnp.full(1, -1)
  expected = evaluator.decode(state.params, latents, no_category)
  zeros = codes.one_hot(no_category, evaluator.method.num_categories)
  try:
    layers = _layers_of(jax.device_get(state.params["decoder"]["params"]))
    image = _computed(layers, jnp.concatenate([latents, zeros], axis=1))
    difference = float(jnp.abs(image - expected).max())
  except (KeyError, TypeError, ValueError) as error:
    raise UserError(f"{_refusal(evaluator)} ({error})") from error
  if not difference <= _LEVEL:
    raise UserError(f"{_refusal(evaluator)} (off by {difference:.3f})")
  return layers


def _layers_of(params: Params) -> list[Layer]:
  """Returns the layers of parameters that have the names of our layers."""
  hidden = sorted(name for name in params if name.startswith("hidden"))
  convolutions = sorted(name for name in params if name.startswith("conv_"))
  names = [*hidden, "grid", *convolutions, "logits"]
  return [
    Layer(
      kind="dense" if name in (*hidden, "grid") else "transposed convolution",
      activation="sigmoid" if name == "logits" else "relu",
      kernel=params[name]["kernel"],
      bias=params[name]["bias"],
    )
    for name in names
  ]


def _computed(layers: list[Layer], code: jax.Array) -> jax.Array:
  """Maps a code `[1, m + S]` to its image `[1, H, W, C]` by the layers."""
  x: Any = code
  for layer in layers:
    if layer.kind == "dense":
      x = x @ layer.kernel
    else:
      if x.ndim == 2:
        x = x.reshape(1, 4, 4, -1)
      x = jax.lax.conv_transpose(
        x, jnp.asarray(layer.kernel), (2, 2), "SAME", transpose_kernel=True
      )
    activate = jax.nn.relu if layer.activation == "relu" else jax.nn.sigmoid
    x = activate(x + layer.bias)
  return x


def _refusal(evaluator: Evaluator) -> str:
  return (
    f"method {evaluator.config.method!r} decodes otherwise than by layers as "
    "in cascade_jax.networks.models.Decoder, which are what the page can "
    "compute"
  )
