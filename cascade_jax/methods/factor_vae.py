"""FactorVAE (Kim & Mnih 2018): a VAE that pays for total correlation.

The total correlation TC = KL(q(z) || prod_j q(z_j)) is the mean logit of a
discriminator, which meanwhile learns to tell samples of q(z) from samples of
prod_j q(z_j).

As in the paper's Algorithm 2, one batch trains the VAE and shows q(z) to the
discriminator; another is only encoded, and its dimensions are permuted. The two
are the halves of one batch here, so a batch of 128 images is the paper's 64. In
the paper the second batch is encoded after the VAE's update; here it is encoded
with the same parameters as the first, and both networks learn at once.

Shapes: B images in a half of the batch, m continuous dimensions, H W C image.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import optax

from cascade_jax import losses
from cascade_jax.errors import UserError
from cascade_jax.methods import codes as codes_lib
from cascade_jax.methods import compose
from cascade_jax.methods.method import About, Loss, Method
from cascade_jax.methods.options import (
  check_at_least,
  check_common,
  check_discriminator,
)
from cascade_jax.networks import discriminators, fast_path
from cascade_jax.networks.autoencoder import (
  Autoencoder,
  Networks,
  autoencoder,
)
from cascade_jax.networks.posterior import gaussian, sample
from cascade_jax.types import (
  Batch,
  ForwardPass,
  LossInputs,
  LossParts,
  Params,
  StepInputs,
  StepMetrics,
  TrainState,
)

ABOUT = About(
  "FactorVAE",
  "Kim & Mnih 2018",
  "https://arxiv.org/abs/1802.05983",
  {5: ("81.09 ± 2.63",), 10: ("82.15 ± 0.88",)},
)

_SLOPE = 0.2  # of the leaky ReLUs, as in published code


def loss(
  networks: Networks,
  params: Params,
  batch: Batch,
  inputs: LossInputs,
  *,
  log_density_ratio: Callable[[jax.Array], jax.Array],
  gamma: float,
  weight_penalty: float,
) -> tuple[jax.Array, LossParts]:
  """Returns E_q[-log p(x|z)] + KL(q(z|x) || p(z)) + gamma * TC(z) + L2.

  Nats per image (Kim & Mnih 2018, equation 2). `log_density_ratio` maps latents
  `[B, m]` to log q(z) / prod_j q(z_j) `[B]`, as the discriminator sees it; the
  mean is the total correlation.
  """
  posterior = gaussian(networks.encode(params, batch.images))
  latents = sample(posterior, inputs.noise)
  nll = networks.nll(params, batch.images, latents, inputs.codes).mean()
  kl = losses.kl_per_dimension(posterior).mean(axis=0)
  correlation = log_density_ratio(latents).mean()
  penalty = losses.weight_penalty(params, weight_penalty)
  total = nll + (kl.sum() + gamma * correlation) + penalty
  terms = {"weight_penalty": penalty, "total_correlation": correlation}
  return total, LossParts(nll, kl, terms, latents)


class Optimizers(NamedTuple):
  """The states of the two Adams."""

  vae: Any
  discriminator: Any


class Residuals(NamedTuple):
  """What the forward pass keeps for the update."""

  vae: fast_path.Residuals | None  # of the loss, on the first half
  permuted: jax.Array  # [B, m] samples of prod_j q(z_j), of the second half


class _FactorVAE(NamedTuple):
  """The parts that the functions of the method share."""

  networks: Autoencoder
  adam: optax.GradientTransformation
  discriminator: discriminators.Learner
  loss: Callable[..., tuple[jax.Array, LossParts]]  # all but log_density_ratio
  num_continuous: int

  def init(self, seed: int) -> TrainState:
    """Returns the state before the first step."""
    state = compose.initial_state(
      self.networks, self.adam, self.num_continuous, 0
    )(seed)
    discriminator, moments = self.discriminator.init(seed, self.num_continuous)
    return state._replace(
      params=state.params | {"discriminator": discriminator},
      optimizer=Optimizers(state.optimizer, moments),
    )

  def forward(
    self, state: TrainState, batch: Batch, discrete: bool
  ) -> ForwardPass:
    """Encodes both halves, and decodes the first."""
    del discrete
    first, second = _halves(batch)
    _, residuals = fast_path.record(self._bound_loss(state), self.networks)(
      compose.networks_of(state.params), first, self._inputs(state, first)
    )
    # Other noise than that of the first half: no step folds in twice.
    key = jax.random.fold_in(compose.step_key(state), 1)
    noise_key, order_key = jax.random.split(key)
    posterior = gaussian(self.networks.encode(state.params, second.images))
    noise = jax.random.normal(noise_key, posterior.mean.shape)
    permuted = discriminators.permute_dimensions(
      order_key, sample(posterior, noise)
    )
    return ForwardPass(None, Residuals(residuals, permuted))

  def update(
    self, state: TrainState, batch: Batch, inputs: StepInputs
  ) -> tuple[TrainState, StepMetrics]:
    """Takes one step of both Adams, from the same parameters."""
    assert inputs.forward_pass is not None  # the method has a `forward`
    residuals, permuted = inputs.forward_pass.residuals
    first, _ = _halves(batch)
    networks = compose.networks_of(state.params)
    (value, parts), gradient = fast_path.value_and_grad(
      self._bound_loss(state), self.networks
    )(residuals, networks, first, self._inputs(state, first))
    changes, vae = self.adam.update(gradient, state.optimizer.vae)
    assert parts.latents is not None  # see `loss`
    discriminator, moments, terms = self.discriminator.step(
      state.params["discriminator"],
      state.optimizer.discriminator,
      parts.latents,
      permuted,
    )
    params = optax.apply_updates(networks, changes)
    metrics = compose.step_metrics(value, parts)
    return TrainState(
      state.step + 1,
      state.seed,
      params | {"discriminator": discriminator},
      Optimizers(vae, moments),
    ), metrics._replace(terms=metrics.terms | terms)

  def _bound_loss(self, state: TrainState) -> Loss:
    ratio = functools.partial(
      self.discriminator.logits, state.params["discriminator"]
    )
    return functools.partial(self.loss, log_density_ratio=ratio)

  def _inputs(self, state: TrainState, half: Batch) -> LossInputs:
    make = compose.loss_inputs(compose.normal_noise(self.num_continuous), ())
    return make(state, half, StepInputs())


def factor_vae(
  image_shape: tuple[int, int, int],
  *,
  num_continuous: int = 10,
  batch_size: int = 128,
  gamma: float = 35.0,
  discriminator_units: int = 1000,
  discriminator_layers: int = 6,
  discriminator_learning_rate: float = 1e-4,
  likelihood: str = "bernoulli",
  learning_rate: float = 1e-4,
  weight_penalty: float = 0.0,
  fast_networks: bool | None = None,
) -> Method:
  """Returns FactorVAE; the defaults are its paper's for dSprites.

  They are quoted from those who quote the paper. The discriminator has two
  logits there, of which only the difference counts: our one. Its kernels start
  Glorot uniform, like our other dense layers, and have no weight penalty.

  Args:
    image_shape: H, W, C.
    num_continuous: m.
    batch_size: images of a step, both halves together.
    gamma: weight of the total correlation.
    discriminator_units: of each hidden layer.
    discriminator_layers: hidden layers of leaky ReLUs.
    discriminator_learning_rate: of Adam with betas 0.5 and 0.9.
    likelihood: see `losses.LIKELIHOODS`.
    learning_rate: of the VAE's Adam.
    weight_penalty: strength of the L2 penalty on kernels, within the loss.
    fast_networks: see `networks.autoencoder`.

  Raises:
    UserError: a batch without two halves of at least two images, or an
      argument that is out of its range.
  """
  if batch_size < 4 or batch_size % 2:
    raise UserError(
      f"batch_size is {batch_size}; it must be even and 4 or more for "
      "FactorVAE, which halves each batch"
    )
  check_common(num_continuous, learning_rate, weight_penalty)
  check_at_least(
    "factor_vae",
    gamma=(gamma, 0),
    discriminator_learning_rate=(discriminator_learning_rate, 0),
  )
  check_discriminator("factor_vae", discriminator_units, discriminator_layers)
  networks = autoencoder(
    image_shape, 2 * num_continuous, likelihood, fast_networks
  )
  model = _FactorVAE(
    networks,
    optax.adam(learning_rate),
    discriminators.Learner(
      discriminators.Discriminator(
        discriminator_layers, discriminator_units, _SLOPE
      ),
      discriminator_learning_rate,
    ),
    functools.partial(loss, gamma=gamma, weight_penalty=weight_penalty),
    num_continuous,
  )
  return Method(
    schedule=compose.one_stage(),
    init=model.init,
    update=model.update,
    represent=codes_lib.most_likely(networks, gaussian, ()),
    decode=codes_lib.decoder_means(networks, ()),
    forward=model.forward,
  )


def _halves(batch: Batch) -> tuple[Batch, Batch]:
  half = len(batch.images) // 2
  return Batch(batch.images[:half]), Batch(batch.images[half:])
