"""The compiled steps of a run.

Two ways to take one: `score`, the codes solved for on the host or by `assign`,
`update`; or `run`, many steps in one call, where nothing needs the host.

Letters: R replicas, n steps, B batch, S categories, K joint codes.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
from jax import lax

from cascade_jax import data
from cascade_jax.assignment.device import assign_categories
from cascade_jax.assignment.gaps import GAP_EDGES, gap_counts
from cascade_jax.sharding import Passed, Spread
from cascade_jax.types import Batch, Method, Report, Scores, TrainState

_MOST_STEPS = 100  # a call; a signal to stop is heard between calls


class Chosen(NamedTuple):
  """Codes of one batch, and what the log says of them."""

  categories: jax.Array  # [B] int32, joint codes
  counts: jax.Array  # [S] samples a category; zeros while the code is off
  flow_differs: jax.Array  # [] share of the batch off its plain argmin
  gap_counts: jax.Array  # [G] samples by the gap of their unary costs


class Outcome(NamedTuple):
  """What one step says for the log; each array with R first."""

  report: Report
  chosen: Chosen | None  # None where codes aren't assigned


class Source(NamedTuple):
  """The data that batches are gathered from, on the devices."""

  images: jax.Array  # as `data.Dataset` packs them
  classes: jax.Array | None  # [N] int32; only for a supervised method


class Steps(NamedTuple):
  """The compiled functions; all but `source` and the weights are stacked."""

  score: Callable[..., Scores]  # state, source, indices [R, B], discrete
  assign: Callable[..., Chosen]  # costs [R, B, K]
  update: Callable[..., tuple[TrainState, Report]]
  # update: state (consumed), source, indices, KL weights, scores (None where
  # the method has no `score`), categories
  run: Callable[..., tuple[TrainState, Outcome]]
  # run: state (consumed), source, indices [R, n, B], how many of the n, KL
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

  def gather(source, indices):
    rows = source.images[indices]
    classes = None if source.classes is None else source.classes[indices]
    return Batch(data.unpack(rows, dataset.image_shape, dataset.bits), classes)

  def score(source, state, indices, discrete):
    scores = method.score(state, gather(source, indices), discrete)
    return scores._replace(memory=Passed(scores.memory))

  def assign(_, costs):
    (num_categories,) = method.num_categories
    categories = assign_categories(costs, config.pairwise_weight)
    counts = jnp.bincount(categories, length=num_categories)
    flow_differs = (categories != costs.argmin(axis=1)).mean()
    return Chosen(categories, counts, flow_differs, gap_counts(costs))

  def update(shared, state, indices, scores, categories):
    source, kl_weights = shared
    batch = gather(source, indices)
    if scores is not None:
      scores = scores._replace(memory=scores.memory.arrays)
    return _update(method, state, batch, kl_weights, scores, categories)

  def step(state, batch, kl_weights, discrete):
    scores = method.score and method.score(state, batch, discrete)
    chosen = None
    if method.assigned and discrete:
      chosen = assign(None, scores.costs)
    elif method.assigned:
      chosen = jax.tree.map(jnp.asarray, no_code(config, method))
    categories = chosen and chosen.categories
    state, report = _update(
      method, state, batch, kl_weights, scores, categories
    )
    return state, Outcome(report, chosen)

  def run(shared, state, indices, discrete):
    source, count, kl_weights = shared

    def take(k, carry):
      state, _ = carry
      return step(state, gather(source, indices[k]), kl_weights, discrete)

    like = jax.eval_shape(lambda: take(0, (state, None)))[1]
    nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), like)
    # A count that is an argument: one compilation serves every length.
    return lax.fori_loop(0, count, take, (state, nothing))

  return _compiled(score, assign, update, run, spread)


def _update(method: Method, state, batch, kl_weights, scores, categories):
  """The method's update, with as many arguments as it takes."""
  forward = () if method.score is None else (scores,)
  codes = (categories,) if method.assigned else ()
  return method.update(state, batch, kl_weights, *forward, *codes)


def no_code(config: ml_collections.ConfigDict, method: Method) -> Chosen | None:
  """What stands for codes while they are off; NumPy arrays.

  None for a method whose codes are never assigned.
  """
  if not method.assigned:
    return None
  return Chosen(
    np.full(config.batch_size, -1, np.int32),
    np.zeros(sum(method.num_categories), np.int32),
    np.float32(0),
    np.zeros(len(GAP_EDGES) + 1, np.int32),
  )


def _compiled(score, assign, update, run, spread) -> Steps:
  """The functions stacked and compiled, the state's memory reused."""

  def stacked_score(state, source, indices, discrete):
    def score_so(*arguments):
      return score(*arguments, discrete)

    return spread.over(score_so)(source, state, indices)

  def stacked_assign(costs):
    return spread.over(assign)((), costs)

  def stacked_update(state, source, indices, kl_weights, scores, categories):
    shared = source, kl_weights
    return spread.over(update)(shared, state, indices, scores, categories)

  def stacked_run(state, source, indices, count, kl_weights, discrete):
    def run_so(*arguments):
      return run(*arguments, discrete)

    return spread.over(run_so)((source, count, kl_weights), state, indices)

  return Steps(
    jax.jit(stacked_score, static_argnames="discrete"),
    jax.jit(stacked_assign),
    jax.jit(stacked_update, donate_argnames="state"),
    jax.jit(stacked_run, donate_argnames="state", static_argnames="discrete"),
  )
