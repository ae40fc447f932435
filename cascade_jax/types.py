"""The typed tuples that cross packages.

Shapes: B batch, m continuous dimensions, D discrete variables of S_1 ... S_D
categories, S their sum, K joint codes, H W C image.

A code is a row `[S]` that the decoder sees: one-hot for each discrete variable
in turn, or all zeros while the code is off. A category is the number of such a
row. With several variables, joint categories are numbered like the rows of
`itertools.product`.
"""

from typing import Any, Generic, NamedTuple, TypeVar

import jax
import numpy as np

Params = dict[str, Any]  # the parameters of a network, a pytree

# The arrays of a tuple: on the device (JAX), or on the host (NumPy).
ArrayT = TypeVar("ArrayT", jax.Array, np.ndarray)


class Batch(NamedTuple):
  """The data of one training step."""

  images: jax.Array  # [B, H, W, C] in [0, 1]
  classes: jax.Array | None = None  # [B] int32; only for supervised methods


class Posterior(NamedTuple):
  """q(z|x), a Gaussian with a diagonal covariance."""

  mean: jax.Array  # [B, m]
  scale: jax.Array  # [B, m], the standard deviation


class Assignment(NamedTuple):
  """The jointly most likely categories of one batch."""

  categories: np.ndarray  # [B] int64
  codes: np.ndarray  # [B, S] float32 one-hot rows
  cost: float  # nats, pairwise penalty included
  counts: np.ndarray  # [S] int64, samples in each category


class Assignments(NamedTuple):
  """The assignments of R batches."""

  categories: np.ndarray  # [R, B] int64
  codes: np.ndarray  # [R, B, S] float32 one-hot rows
  cost: np.ndarray  # [R] nats, pairwise penalty included
  counts: np.ndarray  # [R, S] int64, samples in each category


class Stage(NamedTuple):
  """What the schedule prescribes for one step."""

  phase: int
  discrete: bool  # whether the decoder sees the discrete code
  open_dimensions: int | None = None  # None for methods without KL weights
  kl_weights: np.ndarray | None = None  # [m] float32, or None likewise
  taught: bool = False  # whether codes are guessed ones, not solved for


class ForwardPass(NamedTuple):
  """The first half of a step, which stays on the device."""

  unary_costs: jax.Array | None  # [B, K] nats, -log p(x | z, code k)
  residuals: Any  # of `networks.fast_path`, for the update; or None


class StepInputs(NamedTuple):
  """What an update is given besides the state and the batch."""

  kl_weights: jax.Array | None = None  # [m], as in the stage
  categories: jax.Array | None = (
    None  # [B] int32 joint, -1 while the code is off
  )
  forward_pass: ForwardPass | None = None


class LossInputs(NamedTuple):
  """What a loss is given besides networks, parameters and batch."""

  codes: jax.Array  # [B, S] rows that the decoder sees; [B, 0] without any
  noise: Any  # what the method draws: [B, m] standard normal, as a rule
  kl_weights: jax.Array | None  # [m], or None for methods without KL weights
  step: jax.Array  # [] updates done


class LossParts(NamedTuple):
  """The terms of a loss, averaged over the batch, for the log."""

  reconstruction: jax.Array  # [] nats per image
  kl: jax.Array | None  # [m] nats per dimension; None without a posterior
  terms: dict[str, jax.Array]  # other scalars for the log, by name
  latents: jax.Array | None = None  # [B, m], for updates that train on them


class StepMetrics(NamedTuple):
  """What the log says of one update."""

  loss: jax.Array  # [] nats per image
  reconstruction: jax.Array  # [] nats per image
  kl: jax.Array | None  # [m] nats per dimension; None without a posterior
  terms: dict[str, jax.Array]  # [] each, by the name that the log gives it


class TrainState(NamedTuple):
  """All that a run must save to go on bit for bit."""

  step: jax.Array  # [] int32, updates done
  seed: jax.Array  # [] uint32, the root of all randomness
  params: Any
  optimizer: Any


class Representation(NamedTuple, Generic[ArrayT]):
  """What a trained model infers from images."""

  mean: ArrayT  # [B, m]
  scale: ArrayT  # [B, m]; 0 where the encoder is deterministic
  categories: ArrayT  # [B, D] int32, the most likely; D = 0 without a code
  reconstruction: ArrayT  # [B] nats, -log p(x | mean, categories)
