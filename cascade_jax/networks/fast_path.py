"""One forward pass a step, split where the codes are solved for.

A training step of a method with solved codes runs the networks twice when it
is written plainly: once for the unary costs, once more for the loss at the
codes that were solved for. The first pass has computed all that the second
needs. So the first pass keeps the activations of the networks (`record`), and
the gradient of the loss is taken through these (`value_and_grad`): the same
function of the same inputs, without its forward arithmetic.

It serves every loss that calls the functions of `networks`. The loss knows
nothing of it, and `tests/networks/fast_path_test.py` holds its value
and gradient to those of the plain networks.

Methods without solved codes gain too: on XLA's CPU backend two programs are
faster than one, because in one program the activations are fused into each of
their uses, and so computed again (docs/performance.md).

`jax.vjp` could return its residuals from the first program as well. They cannot
serve here: the residuals of K codes would have to be cut down to those of the
code chosen for each image, and nothing says which axes of them are images.

Shapes: B batch, K joint codes that an image is decoded at.
"""

from collections.abc import Callable, Iterator
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

import jax
import jax.numpy as jnp

from cascade_jax.errors import UserError
from cascade_jax.networks.autoencoder import Autoencoder, Networks
from cascade_jax.networks.fast_conv.layers import ACTIVATIONS
from cascade_jax.types import Params

P = ParamSpec("P")  # the arguments of a function besides networks (and params)
ResultT = TypeVar("ResultT")
AuxiliaryT = TypeVar("AuxiliaryT")


class Residuals(NamedTuple):
  """What a forward pass keeps for the gradient; one entry for each call.

  Attributes:
    encoder: activations of the encoder.
    decoder: activations of the decoder, its logits, and their negative
      log-likelihood `[B]` in nats, or None for a call that did not ask for it.
  """

  encoder: tuple[Any, ...]
  decoder: tuple[tuple[Any, jax.Array, jax.Array | None], ...]


def record(
  function: Callable[Concatenate[Networks, P], ResultT], networks: Autoencoder
) -> Callable[P, tuple[ResultT, Residuals | None]]:
  """Wraps a function so that it also returns the `Residuals` of its calls.

  Args:
    function: takes networks, and other arguments.
    networks: the networks that it is given.

  Returns:
    A function of the other arguments to the result of `function` and the
    residuals; None in the place of residuals for networks that keep none.
  """

  def recorded(
    *args: P.args, **kwargs: P.kwargs
  ) -> tuple[ResultT, Residuals | None]:
    if not networks.is_fast:
      return function(networks, *args, **kwargs), None
    recorder = _Recorder(networks)
    result = function(recorder, *args, **kwargs)
    return result, Residuals(tuple(recorder.encoder), tuple(recorder.decoder))

  return recorded


def value_and_grad(
  loss: Callable[
    Concatenate[Networks, Params, P], tuple[jax.Array, AuxiliaryT]
  ],
  networks: Autoencoder,
) -> Callable[
  Concatenate[Residuals | None, Params, P],
  tuple[tuple[jax.Array, AuxiliaryT], Params],
]:
  """Returns `jax.value_and_grad` of a loss, by its parameters.

  Args:
    loss: `loss(networks, params, *args) -> (scalar, auxiliary)`.
    networks: the networks that it is given.

  Returns:
    A function `(residuals, params, *args) -> ((scalar, auxiliary), gradient)`.
    The residuals are those of a forward pass at the same parameters, latents
    and codes, or None to compute them.
  """

  def differentiate(
    residuals: Residuals | None,
    params: Params,
    *args: P.args,
    **kwargs: P.kwargs,
  ) -> tuple[tuple[jax.Array, AuxiliaryT], Params]:
    def of_params(params: Params) -> tuple[jax.Array, AuxiliaryT]:
      passes: Networks = networks
      if residuals is not None:
        passes = _Replay(networks, residuals)
      return loss(passes, params, *args, **kwargs)

    return jax.value_and_grad(of_params, has_aux=True)(params)

  return differentiate


def at_codes(
  residuals: Residuals, categories: jax.Array, num_codes: int
) -> Residuals:
  """Returns the residuals of K codes an image, cut down to one of them.

  Args:
    residuals: of a decoder pass over K times B rows, all images at the first
      code, then all at the second, and so on.
    categories: `[B]`, the code of each image, from 0.
    num_codes: K.
  """
  if num_codes == 1:
    return residuals
  batch = jnp.arange(len(categories))

  def rows(leaf: jax.Array) -> jax.Array:  # [K * B * rows of an image, ...]
    images = leaf.reshape(num_codes, len(categories), -1, *leaf.shape[1:])
    return images[categories, batch].reshape(-1, *leaf.shape[1:])

  return residuals._replace(decoder=jax.tree.map(rows, residuals.decoder))


class _Recorder:
  """An autoencoder that keeps the activations of the calls made to it."""

  def __init__(self, networks: Autoencoder) -> None:
    self._networks = networks
    self.encoder: list[Any] = []
    self.decoder: list[tuple[Any, jax.Array, jax.Array | None]] = []

  def encode(self, params: Params, images: jax.Array) -> jax.Array:
    outputs, activations = self._networks.encoder.apply(
      params["encoder"], images, mutable=[ACTIVATIONS]
    )
    self.encoder.append(activations)
    return outputs

  def decode(
    self, params: Params, latents: jax.Array, codes: jax.Array
  ) -> jax.Array:
    logits, activations = self._decode(params, latents, codes)
    self.decoder.append((activations, logits, None))
    return logits

  def nll(
    self,
    params: Params,
    images: jax.Array,
    latents: jax.Array,
    codes: jax.Array,
  ) -> jax.Array:
    logits, activations = self._decode(params, latents, codes)
    nll = self._networks.nll_of_logits(images, logits)
    self.decoder.append((activations, logits, nll))
    return nll

  def nll_of_logits(self, images: jax.Array, logits: jax.Array) -> jax.Array:
    return self._networks.nll_of_logits(images, logits)

  def _decode(
    self, params: Params, latents: jax.Array, codes: jax.Array
  ) -> tuple[jax.Array, Any]:
    return self._networks.decoder.apply(
      params["decoder"], latents, codes, mutable=[ACTIVATIONS]
    )


class _Replay:
  """An autoencoder that takes the activations of earlier calls, in order."""

  def __init__(self, networks: Autoencoder, residuals: Residuals) -> None:
    self._networks = networks
    self._encoder = iter(residuals.encoder)
    self._decoder = iter(residuals.decoder)

  def encode(self, params: Params, images: jax.Array) -> jax.Array:
    variables = params["encoder"] | _next(self._encoder)
    outputs: Any = self._networks.encoder.apply(variables, images)
    return outputs

  def decode(
    self, params: Params, latents: jax.Array, codes: jax.Array
  ) -> jax.Array:
    activations, logits, _ = _next(self._decoder)
    return _known(self._decode(params, latents, codes, activations), logits)

  def nll(
    self,
    params: Params,
    images: jax.Array,
    latents: jax.Array,
    codes: jax.Array,
  ) -> jax.Array:
    activations, logits, nll = _next(self._decoder)
    if nll is None:  # the forward pass called `decode`
      nll = self._networks.nll_of_logits(images, logits)
    slope = jax.grad(
      lambda logits: self._networks.nll_of_logits(images, logits).sum()
    )(logits)
    logits = self._decode(params, latents, codes, activations)
    return _known_nll(logits, nll, slope)

  def nll_of_logits(self, images: jax.Array, logits: jax.Array) -> jax.Array:
    return self._networks.nll_of_logits(images, logits)

  def _decode(
    self,
    params: Params,
    latents: jax.Array,
    codes: jax.Array,
    activations: Any,
  ) -> jax.Array:
    variables = params["decoder"] | activations
    logits: Any = self._networks.decoder.apply(variables, latents, codes)
    return logits


def _next(calls: Iterator[ResultT]) -> ResultT:
  """Returns the residuals of the next call."""
  for residuals in calls:
    return residuals
  raise UserError(
    "a loss calls the encoder or the decoder more often than the unary costs "
    "of its method do; build the method with fast_networks=False"
  )


# In both functions below the value is known, and only the gradient is wanted:
# everything that leads to the first argument is dead code going forward.


@jax.custom_vjp
def _known(computed: jax.Array, value: jax.Array) -> jax.Array:
  """Returns `value`; the gradient goes to `computed`, which equals it."""
  del computed
  return value


_known.defvjp(
  lambda computed, value: (value, None), lambda _, g: (g, jnp.zeros_like(g))
)


@jax.custom_vjp
def _known_nll(
  logits: jax.Array, nll: jax.Array, slope: jax.Array
) -> jax.Array:
  """Returns `nll`; the gradient goes to the logits.

  Args:
    logits: `[B, H, W, C]`.
    nll: `[B]`, the negative log-likelihood at the logits.
    slope: `[B, H, W, C]`, its derivative by the logits.
  """
  del logits, slope
  return nll


def _known_nll_backward(
  slope: jax.Array, g: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
  gradient = g[:, None, None, None] * slope
  return gradient, jnp.zeros_like(g), jnp.zeros_like(slope)


_known_nll.defvjp(lambda logits, nll, slope: (nll, slope), _known_nll_backward)
