"""Adversarial autoencoders (Makhzani et al. 2015), with a Gaussian prior.

The encoder is deterministic: its m outputs are z. Each batch is used in two
phases, the second with the networks as the first left them:

1. Reconstruction: encoder and decoder minimise `loss`.
2. Regularisation: a discriminator learns to tell N(0, I) from the encoder's z;
   then the encoder learns to pass for N(0, I) with the discriminator.

The paper's dense autoencoders learn by SGD with momentum. Ours are the networks
of the other methods and learn by Adam, with betas 0.5 and 0.9 in the second
phase. Adam cancels the scale of a loss, so the phases are balanced by their
learning rates; a weight on a phase would have no effect.

AAE-S is the supervised variant, whose decoder is given the true class. It sees
the labels of all training images, so its accuracy cannot be compared with that
of methods that see none. Makhzani et al. 2015, section 4, disentangle style
from the label in this way; Jeong & Song 2019 start from it. At test time no
label is used: the category of an image is the class under which the decoder
reconstructs it best.

Shapes: B batch, m continuous dimensions, S classes, H W C image.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from cascade_jax import losses
from cascade_jax.errors import UserError
from cascade_jax.methods import codes as codes_lib
from cascade_jax.methods import compose
from cascade_jax.methods.method import About, Loss, Method
from cascade_jax.methods.options import (
  check_at_least,
  check_categories,
  check_common,
  check_discriminator,
)
from cascade_jax.networks import discriminators, fast_path
from cascade_jax.networks.autoencoder import (
  Autoencoder,
  Networks,
  autoencoder,
)
from cascade_jax.types import (
  Batch,
  LossInputs,
  LossParts,
  Params,
  Posterior,
  StepInputs,
  StepMetrics,
  TrainState,
)

ABOUT = About("AAE", "Makhzani et al. 2015", "https://arxiv.org/abs/1511.05644")
ABOUT_SUPERVISED = ABOUT._replace(title="AAE-S (supervised)")

_HIDDEN_LAYERS = 2  # of the discriminator, as in the paper


def loss(
  networks: Networks,
  params: Params,
  batch: Batch,
  inputs: LossInputs,
  *,
  weight_penalty: float,
) -> tuple[jax.Array, LossParts]:
  """Returns -log p(x|z, d) + L2 at z = encoder(x), nats per image.

  It is the loss of the first phase; `inputs.codes` are the true classes, or
  `[B, 0]` without supervision. There is no noise.
  """
  latents = networks.encode(params, batch.images)
  nll = networks.nll(params, batch.images, latents, inputs.codes).mean()
  penalty = losses.weight_penalty(params, weight_penalty)
  return nll + penalty, LossParts(nll, None, {"weight_penalty": penalty})


class Optimizers(NamedTuple):
  """The states of the three Adams."""

  autoencoder: Any
  discriminator: Any
  encoder: Any  # of the second phase


class _AAE(NamedTuple):
  """The parts that the functions of the method share."""

  networks: Autoencoder
  adam: optax.GradientTransformation
  encoder_adam: optax.GradientTransformation  # of the second phase
  discriminator: discriminators.Learner
  loss: Loss
  num_continuous: int
  num_categories: tuple[int, ...]  # (S,) with supervision, () without

  def init(self, seed: int) -> TrainState:
    """Returns the state before the first step."""
    state = compose.initial_state(
      self.networks, self.adam, self.num_continuous, sum(self.num_categories)
    )(seed)
    discriminator, moments = self.discriminator.init(seed, self.num_continuous)
    encoder_moments = self.encoder_adam.init(state.params["encoder"])
    return state._replace(
      params=state.params | {"discriminator": discriminator},
      optimizer=Optimizers(state.optimizer, moments, encoder_moments),
    )

  def update(
    self, state: TrainState, batch: Batch, inputs: StepInputs
  ) -> tuple[TrainState, StepMetrics]:
    """Takes the two phases, one step of each Adam."""
    state, metrics = self._reconstruct(state, batch, inputs)
    state, terms = self._regularise(state, batch)
    metrics = metrics._replace(terms=metrics.terms | terms)
    return state._replace(step=state.step + 1), metrics

  def loss_inputs(
    self, state: TrainState, batch: Batch, inputs: StepInputs
  ) -> LossInputs:
    """Returns the inputs of the first phase's loss: the true classes."""
    del inputs
    codes = jnp.zeros((len(batch.images), 0))
    if self.num_categories:
      assert batch.classes is not None  # the method is supervised
      codes = codes_lib.one_hot(batch.classes, self.num_categories)
    return LossInputs(codes, None, None, state.step)

  def _reconstruct(
    self, state: TrainState, batch: Batch, inputs: StepInputs
  ) -> tuple[TrainState, StepMetrics]:
    """Returns the state after the first phase."""
    networks = compose.networks_of(state.params)
    (value, parts), gradient = fast_path.value_and_grad(
      self.loss, self.networks
    )(
      compose.residuals_of(inputs),
      networks,
      batch,
      self.loss_inputs(state, batch, inputs),
    )
    changes, moments = self.adam.update(gradient, state.optimizer.autoencoder)
    params = state.params | optax.apply_updates(networks, changes)
    optimizer = state.optimizer._replace(autoencoder=moments)
    state = state._replace(params=params, optimizer=optimizer)
    return state, compose.step_metrics(value, parts)

  def _regularise(
    self, state: TrainState, batch: Batch
  ) -> tuple[TrainState, dict[str, jax.Array]]:
    """Returns the state after the second phase, and terms for the log."""
    params, optimizer = state.params, state.optimizer
    latents, pull_back = jax.vjp(
      lambda encoder: self.networks.encode({"encoder": encoder}, batch.images),
      params["encoder"],
    )
    prior = compose.normal_noise(self.num_continuous)(
      compose.step_key(state), len(latents)
    )
    discriminator, moments, terms = self.discriminator.step(
      params["discriminator"], optimizer.discriminator, prior, latents
    )

    def fooling(latents: jax.Array) -> jax.Array:
      logits = self.discriminator.logits(discriminator, latents)
      return discriminators.fooling_loss(logits)

    fooling_loss, gradient = jax.value_and_grad(fooling)(latents)
    changes, encoder_moments = self.encoder_adam.update(
      *pull_back(gradient), optimizer.encoder
    )
    encoder = optax.apply_updates(params["encoder"], changes)
    state = state._replace(
      params=params | {"encoder": encoder, "discriminator": discriminator},
      optimizer=Optimizers(optimizer.autoencoder, moments, encoder_moments),
    )
    return state, terms | {"fooling_loss": fooling_loss}


def aae_s(
  image_shape: tuple[int, int, int],
  *,
  num_continuous: int = 6,
  num_categories: tuple[int, ...] = (3,),
  discriminator_units: int = 1000,
  discriminator_learning_rate: float = 1e-4,
  encoder_learning_rate: float = 1e-4,
  likelihood: str = "bernoulli",
  learning_rate: float = 1e-4,
  weight_penalty: float = 0.0,
  fast_networks: bool | None = None,
) -> Method:
  """Returns the supervised adversarial autoencoder, or the plain one.

  Args:
    image_shape: H, W, C.
    num_continuous: m.
    num_categories: the number of classes of the data, as a tuple of one; () for
      the plain AAE. With more, categories that the decoder never saw compete at
      test time; fewer are refused when the data are known.
    discriminator_units: of each of two hidden ReLU layers; 1000 in the paper.
    discriminator_learning_rate: of Adam; the default is ours.
    encoder_learning_rate: of Adam in the second phase; the default is ours.
    likelihood: see `losses.LIKELIHOODS`.
    learning_rate: of Adam in the first phase.
    weight_penalty: strength of the L2 penalty on kernels, within the loss.
    fast_networks: see `networks.autoencoder`.

  Raises:
    UserError: several discrete variables, or an argument out of its range.
  """
  check_categories(num_categories)
  if len(num_categories) > 1:
    raise UserError(
      f"num_categories is {tuple(num_categories)}; for AAE-S it must be the "
      "number of classes alone, as in (3,)"
    )
  check_common(num_continuous, learning_rate, weight_penalty)
  check_at_least(
    "aae",
    discriminator_learning_rate=(discriminator_learning_rate, 0),
    encoder_learning_rate=(encoder_learning_rate, 0),
  )
  check_discriminator("aae", discriminator_units, _HIDDEN_LAYERS)
  networks = autoencoder(image_shape, num_continuous, likelihood, fast_networks)
  model = _AAE(
    networks,
    optax.adam(learning_rate),
    optax.adam(encoder_learning_rate, b1=0.5, b2=0.9),
    discriminators.Learner(
      discriminators.Discriminator(_HIDDEN_LAYERS, discriminator_units),
      discriminator_learning_rate,
    ),
    functools.partial(loss, weight_penalty=weight_penalty),
    num_continuous,
    num_categories,
  )
  return Method(
    schedule=compose.one_stage(discrete=bool(num_categories)),
    init=model.init,
    update=model.update,
    represent=codes_lib.most_likely(networks, _at_one_point, num_categories),
    decode=codes_lib.decoder_means(networks, num_categories),
    forward=compose.recorded_loss(
      model.loss, networks, model.loss_inputs, num_continuous
    ),
    num_categories=num_categories,
    is_supervised=bool(num_categories),
  )


# The plain AAE; m = 10 in our dSprites config.
aae = functools.partial(aae_s, num_categories=())


def _at_one_point(outputs: jax.Array) -> Posterior:
  """Returns the posterior of a deterministic encoder."""
  return Posterior(outputs, jnp.zeros_like(outputs))
