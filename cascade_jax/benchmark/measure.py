"""How fast this machine trains and evaluates, against its own limit.

The limit is the rate of one large matrix product, measured around each figure:
machines drift, so only ratios within one run compare. Times are wall clock,
the median of several, after a warm-up.

Letters: R replicas, B batch, S categories.
"""

import json
import math
import resource
import statistics
import sys
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
from absl import logging

from cascade_jax import data, methods
from cascade_jax.assignment.device import assign_categories
from cascade_jax.assignment.flow import assign_codes
from cascade_jax.assignment.joint import assign_each
from cascade_jax.backend import backend
from cascade_jax.evaluation import scores
from cascade_jax.evaluation.represent import compile_represent
from cascade_jax.methods import Method
from cascade_jax.networks import models
from cascade_jax.runs.provenance import provenance
from cascade_jax.sharding import spread
from cascade_jax.training import replicas
from cascade_jax.training.stepper import Stepper
from cascade_jax.training.steps import Steps

_REPEATS = 30
_SOLVER_REPEATS = 200
_SOLVER_SIZES = ((64, 3), (256, 3), (64, 10), (256, 10), (1024, 10))


def measure(config: ml_collections.ConfigDict, evaluation_images: int) -> dict:
  """All figures; what `python -m experiments.benchmark` writes.

  Args:
    config: of the run to measure; all replicas together take each step.
    evaluation_images: how many images to encode and assign, 0 for all.
  """
  figures = {
    "machine": provenance(),
    "config": json.loads(config.to_json()),  # as a file gives it back
  }
  logging.info("loading the data")
  over = spread(config.num_replicas)
  dataset = data.to_device(data.load(**config.data), over)
  method = methods.build(config, dataset.image_shape)
  figures["gigaflop"] = gigaflop(config, dataset.image_shape, method)
  run = config, method, dataset, over
  figures["steps"] = _steps("host", *run, figures["gigaflop"])
  figures["peak_bytes_training"] = peak_bytes()
  if method.solves_codes and len(method.num_categories) == 1:
    figures["steps"] |= _steps("device", *run, figures["gigaflop"])
  figures["parts"] = _parts(*run) if method.solves_codes else None
  figures["evaluation"] = _evaluation(
    config, method, dataset, over, evaluation_images, figures["gigaflop"]
  )
  figures["peak_bytes"] = peak_bytes()
  figures["solvers"] = _solvers(config.pairwise_weight)
  return figures


def gigaflop(
  config: ml_collections.ConfigDict,
  image_shape: tuple[int, int, int],
  method: Method,
) -> dict[str, float] | None:
  """Arithmetic of a step and of one image's evaluation, 10^9 operations.

  Convolutions and dense layers, a multiply-add as two. A backward pass counts
  as two forward ones, so the encoder and one decoder count three times, and
  each further code that is scored one decoder forward. What a formulation adds
  (borders, zeros of a kernel) doesn't count.

  Returns:
    The counts, or None for a method that has other networks besides: a time
    can't be held against the limit then.
  """
  params = jax.eval_shape(method.init, 0).params
  if not isinstance(params, dict) or set(params) != {"encoder", "decoder"}:
    return None
  size, _, inputs = image_shape
  channels = models.conv_channels(size)
  convolutions = 0
  for outputs in channels:
    size //= 2
    convolutions += 2 * 16 * inputs * outputs * size**2
    inputs = outputs
  grid, hidden = size**2 * channels[-1], models.HIDDEN_UNITS
  m, length = config.num_continuous, sum(method.num_categories)
  encoder = convolutions + 2 * hidden * (grid + 2 * m)
  decoder = convolutions + 2 * hidden * (grid + m + length)
  batch = config.batch_size * config.num_replicas
  step = 3 * (encoder + decoder)
  num_codes = math.prod(method.num_categories) if method.solves_codes else 1
  return {
    "warm_up": 1e-9 * batch * step,
    "discrete": 1e-9 * batch * (step + (num_codes - 1) * decoder),
    "evaluation": 1e-9 * (encoder + num_codes * decoder),
  }


def gemm_gigaflops() -> float:
  """Rate of a float32 matrix product at JAX's default precision."""
  size = backend().product_size
  x = jax.random.normal(jax.random.key(0), (size, size))
  product = jax.jit(jnp.matmul)
  return 2e-9 * size**3 / seconds(lambda: product(x, x), 15)


def seconds(function: Callable, repeats: int = _REPEATS) -> float:
  """Median time of a call, its result waited for."""
  jax.block_until_ready(function())
  times = []
  for _ in range(repeats):
    started = time.perf_counter()
    jax.block_until_ready(function())
    times.append(time.perf_counter() - started)
  return statistics.median(times)


def peak_bytes() -> int:
  """Most memory that this process has had resident."""
  unit = 1 if sys.platform == "darwin" else 1024
  return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _against_limit(
  measure_seconds: Callable[[], float], counts: dict | None, name: str, times=1
) -> dict:
  """A time, and how many times the limit's it is, where that is known.

  Args:
    measure_seconds: takes the time.
    counts: of `gigaflop`.
    name: of the count to hold it against.
    times: how often that arithmetic was done.
  """
  before = gemm_gigaflops()
  taken = measure_seconds()
  rate = (before + gemm_gigaflops()) / 2
  found = {"milliseconds": 1e3 * taken, "gemm_gigaflops": rate}
  if counts is not None:
    found["times_limit"] = taken * rate / (times * counts[name])
  return found


def _steps(solver, config, method, dataset, over, counts) -> dict:
  """Whole steps, as the training loop takes them."""
  logging.info("steps, with the solver on the %s", solver)
  config = config.copy_and_resolve_references()
  config.solver = solver
  stepper = Stepper(config, method, dataset, over)
  first = {}
  if solver == "host":  # a warm-up step has no need of either
    first["warm_up"] = 0
  if method.solves_codes:
    first["discrete"] = _first_discrete(config)
  found = {}
  for name, step in first.items():
    groups = over.split(replicas.initial_states(config, method))
    figure = _against_limit(
      lambda: _seconds_a_step(stepper, groups, step, method),  # noqa: B023
      counts,
      name,
    )
    images = config.batch_size * config.num_replicas
    figure["images_per_second"] = 1e3 * images / figure["milliseconds"]
    found[name if name == "warm_up" else f"{name}_{solver}"] = figure
  return found


def _seconds_a_step(stepper, groups, first, method) -> float:
  stage = method.schedule(first)
  most = stepper.most_steps(stage)
  groups, _, _ = stepper.take(groups, first, first + most, stage)
  times = []
  for _ in range(max(3, _REPEATS // most)):
    started = time.perf_counter()
    groups, _, _ = stepper.take(groups, first, first + most, stage)
    times.append((time.perf_counter() - started) / most)
  return statistics.median(times)


def _first_discrete(config) -> int:
  return config.discrete_start_phase * config.phase_steps


def _parts(config, method, dataset, over) -> dict[str, float]:
  """Milliseconds of each part of a discrete step of one group of replicas.

  The categories reach the device in a call of their own here, which costs more
  than as an argument of the update, as in training.
  """
  logging.info("parts of a discrete step")
  steps = Steps(method, over, config.pairwise_weight, config.batch_size)
  to_device = jax.jit(lambda categories: categories)
  state, *_ = over.split(replicas.initial_states(config, method))
  kl_weights = over.share(method.schedule(_first_discrete(config)).kl_weights)
  rows = np.arange(over.size * config.batch_size, dtype=np.int32)
  step = dataset, rows.reshape(over.size, -1)
  times = []
  for _ in range(_REPEATS):
    marks = [time.perf_counter()]

    def mark(result):
      marks.append(time.perf_counter())  # noqa: B023
      return result

    forward_pass = mark(
      jax.block_until_ready(steps.forward(state, *step, True))
    )
    costs = mark(np.asarray(forward_pass.unary_costs))
    categories = mark(
      assign_each(
        costs, method.num_categories, config.pairwise_weight
      ).categories
    )
    categories = mark(to_device(categories.astype(np.int32)))
    state, _ = steps.update(state, *step, kl_weights, forward_pass, categories)
    mark(jax.block_until_ready(state))
    times.append(np.diff(marks))
  names = ("encode_and_score", "to_host", "solve", "to_device", "update")
  medians = 1e3 * np.median(times[1:], axis=0)
  parts = dict(zip(names, medians.tolist()))
  alone = parts["to_host"] + parts["solve"] + parts["to_device"]
  return {**parts, "solve_and_transfers_share": alone / sum(parts.values())}


def _evaluation(config, method, dataset, over, count, counts) -> dict:
  """Encoding and assigning images at their likeliest categories."""
  indices = scores.sample(len(dataset), count)
  logging.info("evaluation of %d images", len(indices))
  represent = compile_represent(method, dataset, over)
  state, *_ = over.split(replicas.initial_states(config, method))
  discrete = bool(method.num_categories)
  images = over.size * len(indices)
  found = _against_limit(
    lambda: seconds(lambda: represent(state.params, indices, discrete), 1),
    counts,
    "evaluation",
    images,
  )
  rate = 1e3 * images / found["milliseconds"]
  whole = config.num_replicas * len(dataset) / rate
  return {
    **found,
    "images": images,
    "images_per_second": rate,
    "seconds_for_all_images": whole,
  }


def _solvers(pairwise_weight: float) -> list[dict]:
  """Both solvers on costs like a decoder's, and on equal ones (the hardest)."""
  rng = np.random.default_rng(0)
  on_device = jax.jit(assign_categories, static_argnums=1)
  rows = []
  for batch_size, num_categories in _SOLVER_SIZES:
    shape = batch_size, num_categories
    usual = 100 + 3 * rng.standard_normal(shape).astype(np.float32)
    for kind, costs in (("usual", usual), ("equal", np.full_like(usual, 100))):
      put = jax.device_put(costs)
      host, device = (
        seconds(solve, _SOLVER_REPEATS)
        for solve in (
          lambda: assign_codes(costs, pairwise_weight),  # noqa: B023
          lambda: on_device(put, pairwise_weight),  # noqa: B023
        )
      )
      rows.append(
        {
          "batch_size": batch_size,
          "categories": num_categories,
          "costs": kind,
          "host_milliseconds": 1e3 * host,
          "device_milliseconds": 1e3 * device,
        }
      )
  return rows
