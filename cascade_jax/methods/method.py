"""The record of pure functions that the training loop knows a method by.

Shapes: B batch, m continuous dimensions, D discrete variables, K joint codes,
H W C image.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from cascade_jax.networks.autoencoder import Networks
from cascade_jax.types import (
  Batch,
  ForwardPass,
  LossInputs,
  LossParts,
  Params,
  Representation,
  Stage,
  StepInputs,
  StepMetrics,
  TrainState,
)


class Loss(Protocol):
  """A loss in nats per image; pure, differentiated by `params`."""

  def __call__(
    self,
    networks: Networks,
    params: Params,
    batch: Batch,
    inputs: LossInputs,
  ) -> tuple[jax.Array, LossParts]:
    """Returns the scalar loss and its parts."""
    ...


class Schedule(Protocol):
  """What each step runs under; on the host, NumPy only."""

  def __call__(self, step: int) -> Stage:
    """Returns the stage of a step, counted from 0 over the whole run."""
    ...


class Init(Protocol):
  """The state before the first step."""

  def __call__(self, seed: int) -> TrainState:
    """Returns the state for a seed."""
    ...


class Forward(Protocol):
  """The first half of a step, before codes are solved for."""

  def __call__(
    self, state: TrainState, batch: Batch, discrete: bool
  ) -> ForwardPass:
    """Returns unary costs and residuals; `discrete`: the code is in use."""
    ...


class Update(Protocol):
  """One step of the optimiser."""

  def __call__(
    self, state: TrainState, batch: Batch, inputs: StepInputs
  ) -> tuple[TrainState, StepMetrics]:
    """Returns the next state, and what the log says of this step."""
    ...


class Represent(Protocol):
  """Inference by a trained model."""

  def __call__(
    self, params: Any, images: jax.Array, discrete: bool
  ) -> Representation[jax.Array]:
    """Returns the codes of images; `discrete`: the code is in use."""
    ...


class Decode(Protocol):
  """Generation by a trained model."""

  def __call__(
    self, params: Any, latents: jax.Array, categories: jax.Array
  ) -> jax.Array:
    """Maps latents `[B, m]`, joint categories `[B]` to mean images."""
    ...


class GuessSettings(NamedTuple):
  """How categories are guessed before training; see `connectivity`."""

  registration: str
  cut: str


class Transition(Protocol):
  """A change of the state between two steps; on the host, in NumPy."""

  def __call__(
    self, state: TrainState, representation: Representation[np.ndarray]
  ) -> TrainState:
    """Returns the state to go on with.

    Args:
      state: of one replica.
      representation: of a sample of images, by that state.
    """
    ...


class Start(NamedTuple):
  """The first steps of a run, after which it may have to be begun anew.

  Attributes:
    steps: how many.
    problem: maps the representation of a sample of images to what is wrong with
      the start, or None.
  """

  steps: int
  problem: Callable[[Representation[np.ndarray]], str | None]


class Method(NamedTuple):
  """A method for the loop; its functions are bare and of one replica.

  `training.steps` compiles all but `schedule` and `init`, and may map them over
  replicas (by vmap) and over steps (in a loop). The argument `discrete` is a
  Python bool, so it must be static under `jax.jit`.

  Attributes:
    schedule: step -> what it runs under.
    init: seed -> state.
    update: one step of the optimiser.
    represent: images -> their codes.
    decode: codes -> mean images.
    forward: the first half of a step; None if the update needs nothing of it.
    num_categories: S of each discrete variable, () without a discrete code.
    solves_codes: whether categories are solved for between forward and update.
    is_supervised: whether the update sees the true classes.
    transitions: changes of the state, by the step before which they are made.
    start: what makes a start sound; None for methods that take any.
    guess: how the codes of taught stages are guessed; None without such stages.
  """

  schedule: Schedule
  init: Init
  update: Update
  represent: Represent
  decode: Decode
  forward: Forward | None = None
  num_categories: tuple[int, ...] = ()
  solves_codes: bool = False
  is_supervised: bool = False
  transitions: Mapping[int, Transition] = MappingProxyType({})
  start: Start | None = None
  guess: GuessSettings | None = None


class About(NamedTuple):
  """Where a method is from, and what it scored there.

  Attributes:
    title: its usual name.
    authors: and the year.
    url: of the paper.
    published: disentanglement score and, where there is one, classification
      accuracy on dSprites as Jeong & Song 2019 report them: percent, mean and
      standard deviation over seeds, by the number m of continuous dimensions.
  """

  title: str
  authors: str
  url: str
  published: Mapping[int, tuple[str, ...]] = MappingProxyType({})
