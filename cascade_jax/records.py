"""The few tuples that cross rooms.

Letters: B batch, m continuous dimensions, S categories.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np


class Posterior(NamedTuple):
  """q(z|x), a Gaussian with a diagonal covariance."""

  mean: jax.Array  # [B, m]
  scale: jax.Array  # [B, m], the standard deviation


class Scores(NamedTuple):
  """What the forward pass of a step found; stays on the device."""

  costs: jax.Array  # [B, K] nats, -log p(x | z, code) for each of K codes
  memory: Any  # what the update needs so as not to compute it again


class Assignment(NamedTuple):
  """The jointly most likely categories of one batch."""

  categories: np.ndarray  # [B] int64
  codes: np.ndarray  # [B, S] float32 one-hot rows
  cost: float  # nats, pairwise penalty included
  counts: np.ndarray  # [S] int64, samples a category


class Stage(NamedTuple):
  """What the schedule says about one step."""

  phase: int
  open_dimensions: int
  discrete: bool  # whether codes are solved for, or zero
  kl_weights: np.ndarray  # [m] float32


class Representation(NamedTuple):
  """What a trained model says about images."""

  mean: jax.Array  # [B, m]
  scale: jax.Array  # [B, m]
  categories: jax.Array  # [B] int32, the likeliest; -1 without a discrete code
  costs: jax.Array  # [B, S] nats, -log p(x | mean, category); S = 1 without


class TrainState(NamedTuple):
  """All that a run must save to go on bit for bit."""

  step: jax.Array  # [] int32, updates done
  seed: jax.Array  # [] uint32, root of the noise
  params: Any
  optimizer: Any
  kl_weights: jax.Array  # [m], those that Adam's moments were gathered under


class Report(NamedTuple):
  """Loss parts of one update, averaged over the batch."""

  loss: jax.Array  # []
  reconstruction: jax.Array  # [] nats per image
  kl: jax.Array  # [m] nats per dimension, before weighting
  weight_penalty: jax.Array  # []


class Method(NamedTuple):
  """What the training loop needs to know of a method; all pure functions.

  Images are `[B, H, W, C]` in [0, 1]; categories are `[B]`, -1 for a zero code.
  The functions are of one replica; those but `stage` and `init` are compiled,
  and may be mapped over replicas (by vmap) and over steps (in a loop).
  """

  stage: Callable[[int], Stage]  # the schedule, on the host
  init: Callable[[int], TrainState]  # seed -> state
  score: Callable[..., Scores]
  # score: state, images, discrete (a Python bool) -> the costs of all codes,
  # or of the zero code alone
  update: Callable[..., tuple[TrainState, Report]]
  # update: state, images, scores, categories, KL weights -> state, report
  represent: Callable[..., Representation]  # params, images, discrete
  decode: Callable[..., jax.Array]  # params, latents, categories -> images
