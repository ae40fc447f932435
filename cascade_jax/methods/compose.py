"""A method from its loss, for variational autoencoders.

`vae` is all that a loss needs to become a method; its parts serve methods that
differ in more than the loss.

Shapes: B batch, m continuous dimensions, S categories of all discrete
variables together, K joint codes.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from cascade_jax.errors import UserError
from cascade_jax.methods import codes as codes_lib
from cascade_jax.methods.method import (
  Forward,
  Init,
  Loss,
  Method,
  Schedule,
  Update,
)
from cascade_jax.networks import fast_path
from cascade_jax.networks import posterior as posterior_lib
from cascade_jax.networks.autoencoder import (
  Autoencoder,
  autoencoder,
)
from cascade_jax.types import (
  Batch,
  ForwardPass,
  LossInputs,
  LossParts,
  Params,
  Stage,
  StepInputs,
  StepMetrics,
  TrainState,
)

# Maps a step's key and the batch size to the noise of a loss.
DrawNoise = Callable[[jax.Array, int], Any]
# Maps a step's state, batch and inputs to the inputs of a loss.
MakeLossInputs = Callable[[TrainState, Batch, StepInputs], LossInputs]


def vae(
  loss: Loss,
  image_shape: tuple[int, int, int],
  *,
  num_continuous: int,
  num_categories: tuple[int, ...] = (),
  likelihood: str = "bernoulli",
  learning_rate: float = 1e-4,
  optimizer: optax.GradientTransformation | None = None,
  schedule: Schedule | None = None,
  fast_networks: bool | None = None,
) -> Method:
  """Returns the method that minimises a loss of a Gaussian posterior.

  With discrete variables, the codes of each batch are solved for from the unary
  costs of `codes.unary_costs`, and the gradient goes back through that forward
  pass. So the loss then has to call `networks.encode(params, batch.images)`
  once, and the decoder once, at `sample(posterior, inputs.noise)` and
  `inputs.codes`: at other latents its gradient would be silently wrong, unless
  `fast_networks` is False.

  Args:
    loss: see `method.Loss`; its `inputs.noise` is `[B, m]` standard normal.
    image_shape: H, W, C.
    num_continuous: m.
    num_categories: of each discrete variable, whose codes are solved for; ()
      for none.
    likelihood: of pixels, one of `losses.LIKELIHOODS`.
    learning_rate: of Adam, unless there is an `optimizer`.
    optimizer: its `update` is also given `kl_weights` and `step`, the number
      of updates done, if it takes keywords.
    schedule: what each step runs under; None for no KL weights, and the
      discrete variables in use from the first step on.
    fast_networks: see `networks.autoencoder`.
  """
  networks = autoencoder(
    image_shape, 2 * num_continuous, likelihood, fast_networks
  )
  optimizer = optimizer or optax.adam(learning_rate)
  draw_noise = normal_noise(num_continuous)
  make_inputs = loss_inputs(draw_noise, num_categories)
  forward: Forward | None
  if num_categories:
    forward = all_unary_costs(networks, draw_noise, num_categories)
  else:
    forward = recorded_loss(loss, networks, make_inputs, num_continuous)
  return Method(
    schedule=schedule or one_stage(discrete=bool(num_categories)),
    init=initial_state(
      networks, optimizer, num_continuous, sum(num_categories)
    ),
    update=gradient_step(loss, networks, optimizer, make_inputs),
    represent=codes_lib.most_likely(
      networks, posterior_lib.gaussian, num_categories
    ),
    decode=codes_lib.decoder_means(networks, num_categories),
    forward=forward,
    num_categories=num_categories,
    solves_codes=bool(num_categories),
  )


def constant_weights(
  num_continuous: int, kl_weight: float, discrete: bool = False
) -> Schedule:
  """Returns the schedule of one KL weight for all dimensions and steps.

  Args:
    num_continuous: m.
    kl_weight: of each dimension.
    discrete: whether the decoder sees a discrete code.
  """
  weights = np.full(num_continuous, kl_weight, np.float32)
  stage = Stage(0, discrete, num_continuous, weights)
  return lambda step: stage


def one_stage(discrete: bool = False) -> Schedule:
  """Returns the schedule of a method without KL weights.

  Args:
    discrete: whether the decoder sees a discrete code.
  """
  return lambda step: Stage(0, discrete)


def step_key(state: TrainState) -> jax.Array:
  """Returns the key of a step's randomness.

  It is a function of seed and step alone: forward pass and update see the same
  noise, and a resumed run sees what the uninterrupted one would have seen.
  """
  return jax.random.fold_in(jax.random.key(state.seed), state.step)


def normal_noise(num_continuous: int) -> DrawNoise:
  """Returns the map from a key to standard normal noise `[B, m]`."""

  def draw(key: jax.Array, batch_size: int) -> jax.Array:
    return jax.random.normal(key, (batch_size, num_continuous))

  return draw


def loss_inputs(
  draw_noise: DrawNoise, num_categories: tuple[int, ...]
) -> MakeLossInputs:
  """Returns the map from a step to the inputs of its loss.

  The codes are those of the step's categories, or zeros without any.
  """

  def of_step(
    state: TrainState, batch: Batch, inputs: StepInputs
  ) -> LossInputs:
    batch_size, categories = len(batch.images), inputs.categories
    if categories is None:
      categories = jnp.full(batch_size, -1)
    return LossInputs(
      codes_lib.one_hot(categories, num_categories),
      draw_noise(step_key(state), batch_size),
      inputs.kl_weights,
      state.step,
    )

  return of_step


def initial_state(
  networks: Autoencoder,
  optimizer: optax.GradientTransformation,
  num_continuous: int,
  code_length: int,
) -> Init:
  """Returns the map from a seed to the state before the first step."""

  def init(seed: int) -> TrainState:
    params = networks.init(jax.random.key(seed), num_continuous, code_length)
    moments = optimizer.init(params)
    return TrainState(jnp.int32(0), jnp.uint32(seed), params, moments)

  return init


def networks_of(params: Params) -> Params:
  """Returns the parameters of encoder and decoder alone."""
  return {key: params[key] for key in ("encoder", "decoder")}


def recorded_loss(
  loss: Loss,
  networks: Autoencoder,
  make_inputs: MakeLossInputs,
  num_continuous: int,
) -> Forward | None:
  """Returns the forward pass of a loss without solved codes.

  None for networks that keep no residuals: the update needs nothing then.
  """
  if not networks.is_fast:
    return None

  def forward(state: TrainState, batch: Batch, discrete: bool) -> ForwardPass:
    del discrete
    # Any weights will do: residuals do not depend on them.
    weights = jnp.ones(num_continuous)
    inputs = make_inputs(state, batch, StepInputs(kl_weights=weights))
    _, residuals = fast_path.record(loss, networks)(state.params, batch, inputs)
    return ForwardPass(None, residuals)

  return forward


def all_unary_costs(
  networks: Autoencoder,
  draw_noise: DrawNoise,
  num_categories: tuple[int, ...],
) -> Forward:
  """Returns the forward pass that gives the unary costs of all codes."""

  def forward(state: TrainState, batch: Batch, discrete: bool) -> ForwardPass:
    noise = draw_noise(step_key(state), len(batch.images))
    codes = codes_lib.candidates(num_categories, discrete)
    costs, residuals = fast_path.record(codes_lib.unary_costs, networks)(
      state.params, batch.images, noise, codes
    )
    return ForwardPass(costs, residuals)

  return forward


def gradient_step(
  loss: Loss,
  networks: Autoencoder,
  optimizer: optax.GradientTransformation,
  make_inputs: MakeLossInputs,
) -> Update:
  """Returns the update by one step of an optimiser along the loss's gradient.

  The gradient goes back through the residuals of the forward pass, where there
  are any.
  """
  optimizer = optax.with_extra_args_support(optimizer)
  value_and_grad = fast_path.value_and_grad(loss, networks)

  def update(
    state: TrainState, batch: Batch, inputs: StepInputs
  ) -> tuple[TrainState, StepMetrics]:
    (value, parts), gradient = value_and_grad(
      residuals_of(inputs),
      state.params,
      batch,
      make_inputs(state, batch, inputs),
    )
    changes, moments = optimizer.update(
      gradient,
      state.optimizer,
      state.params,
      kl_weights=inputs.kl_weights,
      step=state.step,
    )
    params = optax.apply_updates(state.params, changes)
    state = TrainState(state.step + 1, state.seed, params, moments)
    return state, step_metrics(value, parts)

  return update


def residuals_of(inputs: StepInputs) -> fast_path.Residuals | None:
  """Returns the residuals of the step's forward pass at the step's codes."""
  if inputs.forward_pass is None or inputs.forward_pass.residuals is None:
    return None
  costs, residuals = inputs.forward_pass
  if costs is None:
    return residuals
  if inputs.categories is None:
    raise UserError(
      f"the forward pass has unary costs of {costs.shape[1]} codes, but "
      "StepInputs.categories is None; pass the categories that were solved for"
    )
  # Without the code there is one candidate, the zero code of category -1.
  categories = jnp.maximum(inputs.categories, 0)
  return fast_path.at_codes(residuals, categories, costs.shape[1])


def step_metrics(loss: jax.Array, parts: LossParts) -> StepMetrics:
  """Returns what the log says of a loss and its parts."""
  return StepMetrics(loss, parts.reconstruction, parts.kl, parts.terms)
