"""The limit that figures are compared with: one large matrix product.

It is measured around each figure, because the speed of a machine drifts: only
ratios within one run are comparable. Times are wall-clock times: the median of
several repetitions after a warm-up.
"""

import math
import resource
import statistics
import sys
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import ml_collections

from cascade_jax.backend import backend
from cascade_jax.methods import Method
from cascade_jax.networks import models

REPEATS = 30


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


def seconds(function: Callable[[], object], repeats: int = REPEATS) -> float:
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


def against_limit(
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
