"""The compiled steps of a run.

Two ways to take one: `score`, the codes solved for on the host or by `assign`,
`update`; or `run`, many steps in one call, where nothing needs the host.

Letters: R replicas, n steps, B batch, S categories.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
from jax import lax

from cascade_jax import data
from cascade_jax.assignment_device import assign_categories
from cascade_jax.records import Method, Report, Scores, TrainState
from cascade_jax.spread import Passed, Spread

_MOST_STEPS = 100  # a call; a signal to stop is heard between calls


class Chosen(NamedTuple):
  """Codes of one batch, and what the log says of them."""

  categories: jax.Array  # [B] int32
  counts: jax.Array  # [S] samples a category
  flow_differs: jax.Array  # [] share of the batch off its plain argmin


class Outcome(NamedTuple):
  """What one step says for the log; each array with R first."""

  report: Report
  counts: jax.Array  # [S] samples a category; zeros while the code is off
  flow_differs: jax.Array  # [] share of the batch off its plain argmin


class Steps(NamedTuple):
  """The compiled functions; all but `images` and the weights are stacked."""

  score: Callable[..., Scores]  # state, images, indices [R, B], discrete
  assign: Callable[..., Chosen]  # costs [R, B, S]
  update: Callable[..., tuple[TrainState, Report]]
  # update: state (consumed), images, indices, scores, categories, KL weights
  run: Callable[..., tuple[TrainState, Outcome]]
  # run: state (consumed), images, indices [R, n, B], how many of the n, KL
  # weights, discrete -> state, the last step's outcome


def steps_per_call(config: ml_collections.ConfigDict) -> int:
  """The n of `Steps.run`: 1 on a CPU, where that isn't used.

  XLA's CPU backend runs what stands in a loop's body on one core and without
  its fast kernels: measured, a step took 2.5 times as long as by itself at
  64x64 pixels, and 8 times at 32x32. Without a loop too, scoring and updating
  in one program took 1.7 times as long as in two: what the update remembers
  is fused into its every use, and so computed again.
  """
  if jax.default_backend() == "cpu":
    return 1
  return min(config.log_every, _MOST_STEPS)


def compile_steps(
  method: Method,
  dataset: data.Dataset,
  spread: Spread,
  config: ml_collections.ConfigDict,
) -> Steps:
  """Compiles a method's steps: once with and once without the code.

  Args:
    method: bare functions of one replica.
    dataset: says how its images are packed.
    spread: how replicas are held.
    config: of the run.
  """

  def gather(images, indices):
    return data.unpack(images[indices], dataset.image_shape, dataset.bits)

  def score(images, state, indices, discrete):
    scores = method.score(state, gather(images, indices), discrete)
    return scores._replace(memory=Passed(scores.memory))

  def assign(_, costs):
    categories = assign_categories(costs, config.pairwise_weight)
    counts = jnp.bincount(categories, length=config.num_categories)
    flow_differs = (categories != costs.argmin(axis=1)).mean()
    return Chosen(categories, counts, flow_differs)

  def update(shared, state, indices, scores, categories):
    images, kl_weights = shared
    batch = gather(images, indices)
    scores = scores._replace(memory=scores.memory.arrays)
    return method.update(state, batch, scores, categories, kl_weights)

  def step(state, images, kl_weights, discrete):
    scores = method.score(state, images, discrete)
    if discrete:
      chosen = assign(None, scores.costs)
    else:
      chosen = jax.tree.map(jnp.asarray, no_code(config))
    state, report = method.update(
      state, images, scores, chosen.categories, kl_weights
    )
    return state, Outcome(report, chosen.counts, chosen.flow_differs)

  def run(shared, state, indices, discrete):
    images, count, kl_weights = shared

    def take(k, carry):
      state, _ = carry
      return step(state, gather(images, indices[k]), kl_weights, discrete)

    nothing = _no_outcome(kl_weights, config.num_categories)
    # A count that is an argument: one compilation serves every length.
    return lax.fori_loop(0, count, take, (state, nothing))

  return _compiled(score, assign, update, run, spread)


def no_code(config: ml_collections.ConfigDict) -> Chosen:
  """What stands for codes while they are off; NumPy arrays."""
  return Chosen(
    np.full(config.batch_size, -1, np.int32),
    np.zeros(config.num_categories, np.int32),
    np.float32(0),
  )


def _compiled(score, assign, update, run, spread) -> Steps:
  """The functions stacked and compiled, the state's memory reused."""

  def stacked_score(state, images, indices, discrete):
    def score_so(*arguments):
      return score(*arguments, discrete)

    return spread.over(score_so)(images, state, indices)

  def stacked_assign(costs):
    return spread.over(assign)((), costs)

  def stacked_update(state, images, indices, scores, categories, kl_weights):
    shared = images, kl_weights
    return spread.over(update)(shared, state, indices, scores, categories)

  def stacked_run(state, images, indices, count, kl_weights, discrete):
    def run_so(*arguments):
      return run(*arguments, discrete)

    return spread.over(run_so)((images, count, kl_weights), state, indices)

  return Steps(
    jax.jit(stacked_score, static_argnames="discrete"),
    jax.jit(stacked_assign),
    jax.jit(stacked_update, donate_argnames="state"),
    jax.jit(stacked_run, donate_argnames="state", static_argnames="discrete"),
  )


def _no_outcome(kl_weights, num_categories: int) -> Outcome:
  zero = jnp.float32(0)
  report = Report(zero, zero, jnp.zeros_like(kl_weights), zero)
  return Outcome(report, jnp.zeros(num_categories, jnp.int32), zero)
