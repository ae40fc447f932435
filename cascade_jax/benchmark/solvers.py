"""The two solvers of the codes by themselves."""

from collections.abc import Iterable

import jax
import numpy as np

from cascade_jax.activity import activity
from cascade_jax.assignment import assign_categories, assign_codes
from cascade_jax.benchmark.limit import seconds

_REPEATS = 200
_SIZES = ((64, 3), (256, 3), (64, 10), (256, 10), (1024, 10))
_on_device = jax.jit(assign_categories, static_argnums=1)
SCHEMA = {
  "batch_size": int,
  "categories": int,
  "costs": str,
  "host_milliseconds": float,
  "device_milliseconds": float,
}


def measure_solvers(
  pairwise_weight: float,
  sizes: Iterable[tuple[int, int]] = _SIZES,
  repeats: int = _REPEATS,
) -> list[dict]:
  """Measures both solvers on usual costs and on equal ones.

  Args:
    pairwise_weight: nats.
    sizes: batch size and number of categories of each problem.
    repeats: calls of which each figure is the median.

  Returns:
    A row of `SCHEMA` for each problem.
  """
  rng = np.random.default_rng(0)
  rows = []
  for shape in sizes:
    usual = 100 + 3 * rng.standard_normal(shape).astype(np.float32)
    equal = np.full_like(usual, 100)
    with activity(f"solvers, B = {shape[0]}, S = {shape[1]}"):
      rows += [
        _row(costs, kind, pairwise_weight, repeats)
        for kind, costs in (("usual", usual), ("equal", equal))
      ]
  return rows


def _row(
  costs: np.ndarray, kind: str, pairwise_weight: float, repeats: int
) -> dict:
  put = jax.device_put(costs)
  host = seconds(lambda: assign_codes(costs, pairwise_weight), repeats)
  device = seconds(lambda: _on_device(put, pairwise_weight), repeats)
  batch_size, num_categories = costs.shape
  return {
    "batch_size": batch_size,
    "categories": num_categories,
    "costs": kind,
    "host_milliseconds": 1e3 * host,
    "device_milliseconds": 1e3 * device,
  }
