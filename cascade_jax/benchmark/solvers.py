"""The two solvers of the codes by themselves."""

import jax
import numpy as np

from cascade_jax.assignment import assign_categories, assign_codes
from cascade_jax.benchmark.limit import seconds

_REPEATS = 200
_SIZES = ((64, 3), (256, 3), (64, 10), (256, 10), (1024, 10))


def measure_solvers(pairwise_weight: float) -> list[dict]:
  """Measures both solvers on usual costs and on equal ones, the hardest."""
  rng = np.random.default_rng(0)
  on_device = jax.jit(assign_categories, static_argnums=1)
  rows = []
  for batch_size, num_categories in _SIZES:
    shape = batch_size, num_categories
    usual = 100 + 3 * rng.standard_normal(shape).astype(np.float32)
    for kind, costs in (("usual", usual), ("equal", np.full_like(usual, 100))):
      put = jax.device_put(costs)
      host, device = (
        seconds(solve, _REPEATS)
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
