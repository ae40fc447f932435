"""CascadeVAE (Jeong & Song, ICML 2019): continuous and discrete factors.

One step on a minibatch x_1 ... x_B alternates between two problems:

1. Encode: q(z|x_i) = N(mu, diag(sigma^2)), z_i = mu + sigma * eps_i.
2. Unary costs: u_i[k] = -log p(x_i | z_i, e_k) for all categories k, in one
   decoder pass (`codes.unary_costs`).
3. Solve, on the host: the codes d_1 ... d_B minimise
   sum_i u_i . d_i + pairwise_weight * #{i < j: d_i = d_j}, as a minimum-cost
   flow (`assignment.flow`). There is no encoder for d.
4. Update: one step of Adam along the gradient of `loss` at these codes. The
   pairwise term does not depend on the parameters, so it is not in the loss.

`training.stepper` takes these steps. The KL weights follow the cascade
(`cascade.Cascade`): the first dimension starts at beta_low and the others at
beta_high; each later phase relieves one more, except the phase in which the
discrete code starts. Until then the code is zero.

Shapes: B batch, m continuous dimensions, S categories of all discrete variables
together, K joint codes, H W C image.
"""

import functools

import jax
import optax

from cascade_jax import connectivity, losses
from cascade_jax.errors import UserError
from cascade_jax.methods import transitions
from cascade_jax.methods.cascade import (
  Cascade,
  WarmUp,
  restarted_adam,
  with_factors,
)
from cascade_jax.methods.compose import vae
from cascade_jax.methods.method import About, GuessSettings, Method
from cascade_jax.methods.options import (
  check_at_least,
  check_categories,
  check_common,
  check_counts,
)
from cascade_jax.methods.start import start_of
from cascade_jax.networks.autoencoder import Networks
from cascade_jax.networks.posterior import gaussian, sample
from cascade_jax.types import Batch, LossInputs, LossParts, Params

ABOUT = About(
  "CascadeVAE",
  "Jeong & Song 2019",
  "https://arxiv.org/abs/1905.09432",
  {
    6: ("90.49 ± 5.28", "78.84 ± 15.65"),
    4: ("91.34 ± 7.36", "76.00 ± 22.16"),
  },
)
ABOUT_TAUGHT = ABOUT._replace(
  title="CascadeVAE, taught from a guess", published={}
)
ABOUT_CONTINUOUS = ABOUT._replace(title="CascadeVAE-C", published={})


def loss(
  networks: Networks,
  params: Params,
  batch: Batch,
  inputs: LossInputs,
  *,
  weight_penalty: float,
) -> tuple[jax.Array, LossParts]:
  """Returns E_q[-log p(x|z, d)] + sum_j beta_j KL(q(z_j|x) || p(z_j)) + L2.

  Nats per image: summed over pixels, averaged over the batch, one sample of z.
  It is the beta-VAE's objective with a weight for each dimension and with the
  codes d given (Jeong & Song 2019, section 4; the L2 term is in their code).
  """
  assert inputs.kl_weights is not None, "take them from the schedule's stage"
  posterior = gaussian(networks.encode(params, batch.images))  # q(z|x)
  latents = sample(posterior, inputs.noise)  # z = mu + sigma * eps
  nll = networks.nll(params, batch.images, latents, inputs.codes).mean()
  kl = losses.kl_per_dimension(posterior).mean(axis=0)  # [m]
  penalty = losses.weight_penalty(params, weight_penalty)
  total = nll + (inputs.kl_weights * kl).sum() + penalty
  return total, LossParts(nll, kl, {"weight_penalty": penalty})


def cascade_vae(
  image_shape: tuple[int, int, int],
  *,
  num_continuous: int = 6,
  num_categories: tuple[int, ...] = (3,),
  beta_low: float = 1.0,
  beta_high: float = 10.0,
  phase_steps: int = 20_000,
  discrete_start_phase: int = 4,
  reset_adam_at_phase: bool = True,
  warm_up_weights: tuple[float, ...] = (),
  warm_up_steps: tuple[int, ...] = (),
  aligns_dimensions: bool = False,
  opens_rest_together: bool = False,
  taught_phases: int = 0,
  learning_rate_phases: tuple[int, ...] = (),
  learning_rate_factors: tuple[float, ...] = (),
  guess_registration: str = "moments",
  guess_cut: str = "components",
  likelihood: str = "bernoulli",
  learning_rate: float = 1e-4,
  weight_penalty: float = 4e-5,
  fast_networks: bool | None = None,
) -> Method:
  """Returns CascadeVAE; the defaults are the paper's for dSprites, m = 6.

  The pairwise weight is not among them: the solver of the codes takes it
  (`assignment.assign_codes`).

  Args:
    image_shape: H, W, C.
    num_continuous: m.
    num_categories: of each discrete variable; () for CascadeVAE-C. With
      several, the decoder scores every joint code: 12 for 3 and 4 categories.
    beta_low: KL weight of an opened dimension.
    beta_high: KL weight of a dimension that is not open yet.
    phase_steps: steps of a phase of the cascade.
    discrete_start_phase: the code is zero before this phase.
    reset_adam_at_phase: whether Adam's moments start anew with each new set of
      KL weights, as in the authors' code; the phase in which the code starts
      has the weights of the one before.
    warm_up_weights: KL weights that all dimensions are under, one after the
      other, before the first phase; () for no warm-up, as in the paper.
    warm_up_steps: how long they are under each of these weights.
    aligns_dimensions: whether the dimensions in use after the first part of the
      warm-up are turned to independent axes.
    opens_rest_together: whether all dimensions that are not open in the phase
      in which the code starts are revived and opened in the next one.
    taught_phases: phases, from the start of the code on, in which the codes are
      a guess from the images' connectivity; after them, and in the paper from
      the start on, codes are solved for.
    learning_rate_phases: phases, counted after the warm-up, from which on the
      learning rate is multiplied by a factor; () for a constant one, as in the
      paper.
    learning_rate_factors: one for each of these phases.
    guess_registration: of images, see `connectivity.REGISTRATIONS`.
    guess_cut: of their graph, see `connectivity.CUTS`.
    likelihood: see `losses.LIKELIHOODS`.
    learning_rate: of Adam.
    weight_penalty: strength of the L2 penalty on kernels, within the loss.
    fast_networks: see `networks.autoencoder`.

  Raises:
    UserError: an argument is out of its range.
  """
  check_common(num_continuous, learning_rate, weight_penalty)
  check_categories(num_categories)
  _check_cascade(beta_low, beta_high, phase_steps, discrete_start_phase)
  _check_warm_up(warm_up_weights, warm_up_steps)
  _check_factors(learning_rate_phases, learning_rate_factors)
  _check_guess(taught_phases, guess_registration, guess_cut, num_categories)
  cascade = Cascade(
    num_continuous,
    beta_low,
    beta_high,
    phase_steps,
    discrete_start_phase if num_categories else None,
    tuple(map(WarmUp, warm_up_weights, warm_up_steps)),
    taught_phases,
    opens_rest_together,
  )
  optimizer = optax.adam(learning_rate)
  if reset_adam_at_phase:
    optimizer = restarted_adam(learning_rate, num_continuous)
  if learning_rate_phases:
    steps = [cascade.start_of(phase) for phase in learning_rate_phases]
    optimizer = with_factors(optimizer, steps, learning_rate_factors)
  method = vae(
    functools.partial(loss, weight_penalty=weight_penalty),
    image_shape,
    num_continuous=num_continuous,
    num_categories=num_categories,
    likelihood=likelihood,
    optimizer=optimizer,
    schedule=cascade.stage,
    fast_networks=fast_networks,
  )
  guess = GuessSettings(guess_registration, guess_cut)
  return method._replace(
    transitions=transitions.of_cascade(cascade, aligns_dimensions, optimizer),
    start=start_of(cascade),
    guess=guess if taught_phases else None,
  )


# CascadeVAE-C, the cascade without a discrete code. The authors' m is 10, which
# `num_continuous=10` sets.
cascade_vae_c = functools.partial(
  cascade_vae,
  num_categories=(),
  discrete_start_phase=0,
  opens_rest_together=False,
  taught_phases=0,
  guess_registration="moments",
  guess_cut="components",
)


def _check_cascade(
  beta_low: float, beta_high: float, phase_steps: int, start: int
) -> None:
  check_at_least(
    "",
    beta_low=(beta_low, 0),
    beta_high=(beta_high, 0),
    phase_steps=(phase_steps, 1),
    discrete_start_phase=(start, 0),
  )
  if beta_low > beta_high:
    raise UserError(
      f"beta_low is {beta_low}, above beta_high {beta_high}; the cascade "
      "relieves KL weights from high to low"
    )


def _check_warm_up(weights: tuple[float, ...], steps: tuple[int, ...]) -> None:
  if len(weights) != len(steps):
    raise UserError(
      f"cascade_vae.warm_up_weights are {weights}, but "
      f"cascade_vae.warm_up_steps are {steps}; name as many steps as weights"
    )
  for weight, count in zip(weights, steps):
    check_at_least("cascade_vae", warm_up_weights=(weight, 0))
    check_counts("cascade_vae", warm_up_steps=(count, 1, 2**31 - 1))


def _check_factors(phases: tuple[int, ...], factors: tuple[float, ...]) -> None:
  for phase in phases:
    check_counts("cascade_vae", learning_rate_phases=(phase, 0, 2**31 - 1))
  if len(phases) != len(factors) or list(phases) != sorted(set(phases)):
    raise UserError(
      f"cascade_vae.learning_rate_phases are {phases}, and "
      f"cascade_vae.learning_rate_factors are {factors}; name a factor for "
      "each phase, and phases in ascending order"
    )
  for factor in factors:
    check_at_least("cascade_vae", learning_rate_factors=(factor, 0))


def _check_guess(
  taught_phases: int,
  registration: str,
  cut: str,
  num_categories: tuple[int, ...],
) -> None:
  check_at_least("cascade_vae", taught_phases=(taught_phases, 0))
  connectivity.check_settings(registration, cut, "cascade_vae.guess_")
  if taught_phases and len(num_categories) != 1:
    raise UserError(
      f"cascade_vae.taught_phases is {taught_phases}, but num_categories is "
      f"{num_categories}; codes of one discrete variable only can be guessed"
    )
