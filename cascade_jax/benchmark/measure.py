"""Measures how fast this machine trains and evaluates, against its own limit.

The limit is the rate of one large matrix product. It is measured around each
figure, because the speed of a machine drifts: only ratios within one run are
comparable. Times are wall-clock times: the median of several repetitions after
a warm-up.
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
from cascade_jax.sharding import Spread, spread
from cascade_jax.training import replicas
from cascade_jax.training.stepper import Stepper, device_dataset
from cascade_jax.training.steps import Steps

_REPEATS = 30
_SOLVER_REPEATS = 200
_SOLVER_SIZES = ((64, 3), (256, 3), (64, 10), (256, 10), (1024, 10))


def measure(config: ml_collections.ConfigDict, evaluation_images: int) -> dict:
  """Returns all figures, the content of the benchmark command's JSON file.

  Args:
    config: of the run to measure; all replicas together take each step.
    evaluation_images: the number of images to encode and assign, 0 for all.
  """
  figures = {
    "machine": provenance(),
    "config": json.loads(config.to_json()),  # as a file gives it back
  }
  logging.info("loading the data")
  over = spread(config.num_replicas)
  on_host = data.load(**config.data)
  method = methods.build(config, on_host.image_shape)
  dataset = device_dataset(on_host, method, over)
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
  """Returns the arithmetic of a step and of one image's evaluation.

  Only convolutions and dense layers count, a multiply-add as two operations. A
  backward pass counts as two forward passes: the encoder and one decoder pass
  count three times, and the decoder pass of each further category once. What a
  particular implementation adds (borders, zeros of a kernel) does not count.

  Returns:
    Counts in 10^9 operations; None for a method with networks besides the
    encoder and the decoder, whose times can't be compared with the limit.
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
  """Returns the rate of a float32 matrix product at the default precision."""
  size = backend().product_size
  x = jax.random.normal(jax.random.key(0), (size, size))
  product = jax.jit(jnp.matmul)
  return 2e-9 * size**3 / seconds(lambda: product(x, x), 15)


def seconds(function: Callable[[], object], repeats: int = _REPEATS) -> float:
  """Returns the median time of a call, including the wait for its result."""
  jax.block_until_ready(function())
  times = []
  for _ in range(repeats):
    started = time.perf_counter()
    jax.block_until_ready(function())
    times.append(time.perf_counter() - started)
  return statistics.median(times)


def peak_bytes() -> int:
  """Returns the largest resident memory that this process has had."""
  unit = 1 if sys.platform == "darwin" else 1024
  return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _against_limit(
  measure_seconds: Callable[[], float],
  counts: dict[str, float] | None,
  name: str,
  times: int = 1,
) -> dict[str, float]:
  """Returns a time and, where the arithmetic is known, its ratio to the limit.

  Args:
    measure_seconds: takes the time.
    counts: from `gigaflop`.
    name: of the count to compare with.
    times: how often that arithmetic was done.
  """
  before = gemm_gigaflops()
  taken = measure_seconds()
  rate = (before + gemm_gigaflops()) / 2
  figure = {"milliseconds": 1e3 * taken, "gemm_gigaflops": rate}
  if counts is not None:
    figure["times_limit"] = taken * rate / (times * counts[name])
  return figure


def _steps(
  solver: str,
  config: ml_collections.ConfigDict,
  method: Method,
  dataset: data.DeviceDataset,
  over: Spread,
  counts: dict[str, float] | None,
) -> dict[str, dict[str, float]]:
  """Measures whole steps, as the training loop takes them."""
  logging.info("steps, with the solver on the %s", solver)
  config = config.copy_and_resolve_references()
  config.solver = solver
  stepper = Stepper(config, method, dataset, over)
  first = {}
  if solver == "host":  # a warm-up step needs no solver: measured once
    first["warm_up"] = 0
  if method.solves_codes:
    first["discrete"] = _first_discrete(config)
  figures = {}
  for name, step in first.items():
    groups = over.split(replicas.initial_states(config, method))
    figure = _against_limit(
      lambda: _seconds_a_step(stepper, groups, step, method),  # noqa: B023
      counts,
      name,
    )
    images = config.batch_size * config.num_replicas
    figure["images_per_second"] = 1e3 * images / figure["milliseconds"]
    figures[name if name == "warm_up" else f"{name}_{solver}"] = figure
  return figures


def _seconds_a_step(
  stepper: Stepper, groups: list, first: int, method: Method
) -> float:
  stage = method.schedule(first)
  most = stepper.most_steps(stage)
  groups, _, _ = stepper.take(groups, first, first + most, stage)
  times = []
  for _ in range(max(3, _REPEATS // most)):
    started = time.perf_counter()
    groups, _, _ = stepper.take(groups, first, first + most, stage)
    times.append((time.perf_counter() - started) / most)
  return statistics.median(times)


def _first_discrete(config: ml_collections.ConfigDict) -> int:
  return config.discrete_start_phase * config.phase_steps


def _parts(
  config: ml_collections.ConfigDict,
  method: Method,
  dataset: data.DeviceDataset,
  over: Spread,
) -> dict[str, float]:
  """Measures the parts of a discrete step of one group of replicas.

  The categories are sent to the device in a separate call here. That costs more
  than in training, which passes them as an argument of the update.

  Returns:
    Milliseconds of each part, and the share of the solver and the transfers.
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


def _evaluation(
  config: ml_collections.ConfigDict,
  method: Method,
  dataset: data.DeviceDataset,
  over: Spread,
  count: int,
  counts: dict[str, float] | None,
) -> dict[str, float]:
  """Measures encoding `count` images and assigning their likeliest categories.

  The time for all images is extrapolated from them.
  """
  indices = scores.sample(len(dataset), count)
  logging.info("evaluation of %d images", len(indices))
  represent = compile_represent(method, dataset, over)
  state, *_ = over.split(replicas.initial_states(config, method))
  discrete = bool(method.num_categories)
  images = over.size * len(indices)
  figure = _against_limit(
    lambda: seconds(lambda: represent(state.params, indices, discrete), 1),
    counts,
    "evaluation",
    images,
  )
  rate = 1e3 * images / figure["milliseconds"]
  whole = config.num_replicas * len(dataset) / rate
  return {
    **figure,
    "images": images,
    "images_per_second": rate,
    "seconds_for_all_images": whole,
  }


def _solvers(pairwise_weight: float) -> list[dict]:
  """Measures both solvers on usual costs and on equal ones, the hardest."""
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
