"""The few tuples that cross rooms.

Letters: B batch, m continuous dimensions, D discrete variables of S_1 ... S_D
categories, S their sum, K joint codes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np


class Batch(NamedTuple):
  """What one step sees."""

  images: jax.Array  # [B, H, W, C] in [0, 1]
  classes: jax.Array | None = None  # [B] int32; only of a supervised method


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
  discrete: bool  # whether the discrete code is in use
  kl_weights: np.ndarray  # [m] float32


class Representation(NamedTuple):
  """What a trained model says about images."""

  mean: jax.Array  # [B, m]
  scale: jax.Array  # [B, m]; 0 where the encoder is deterministic
  categories: jax.Array  # [B, D] int32, the likeliest; D = 0 without a code
  probabilities: jax.Array  # [B, S] of each variable's categories in turn
  reconstruction: jax.Array  # [B] nats, -log p(x | mean, categories)


class TrainState(NamedTuple):
  """All that a run must save to go on bit for bit."""

  step: jax.Array  # [] int32, updates done
  seed: jax.Array  # [] uint32, root of the noise
  params: Any
  optimizer: Any


class Report(NamedTuple):
  """Loss parts of one update, averaged over the batch."""

  loss: jax.Array  # []
  reconstruction: jax.Array  # [] nats per image
  kl: jax.Array | None  # [m] nats per dimension, unweighted; None without any
  terms: dict[str, jax.Array]  # [] each, by the name that the log gives it


class Method(NamedTuple):
  """What the training loop needs to know of a method; all pure functions.

  The functions are of one replica; those but `stage` and `init` are compiled,
  and may be mapped over replicas (by vmap) and over steps (in a loop).
  Categories of a batch are `[B]` joint codes, numbered like the rows of
  `itertools.product` over the discrete variables; -1 for a zero code.
  """

  stage: Callable[[int], Stage]  # the schedule, on the host
  init: Callable[[int], TrainState]  # seed -> state
  update: Callable[..., tuple[TrainState, Report]]
  # update: state, Batch, KL weights -> state, report. It is also given the
  # Scores where there is a `score`, and then the categories where `assigned`
  represent: Callable[..., Representation]
  # represent: params, images, whether the code is in use (a Python bool)
  decode: Callable[..., jax.Array]
  # decode: params, latents [B, m], categories [B] -> images
  num_categories: tuple[int, ...] = ()  # of each discrete variable
  score: Callable[..., Scores] | None = None
  # score: state, Batch, whether the code is in use -> the step's forward pass,
  # for an update that goes back through it (why: `steps.steps_per_call`)
  assigned: bool = False  # codes are solved for, between score and update
  supervised: bool = False  # the update sees the true classes
