"""What trained replicas infer from many images, in one compiled pass.

Shapes: R replicas, N images, B batch.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax import lax

from cascade_jax.backend import backend
from cascade_jax.data import DeviceDataset, StreamedDataset
from cascade_jax.methods import Method
from cascade_jax.sharding import Spread, fetched
from cascade_jax.types import Representation


def compile_represent(
  method: Method, dataset: DeviceDataset | StreamedDataset, spread: Spread
) -> Callable[[Any, np.ndarray, bool], Representation[np.ndarray]]:
  """Returns a function to the representation of images, arrays `[R, N, ...]`.

  Its arguments are the replicas' parameters (stacked), indices `[N]`, and
  whether the discrete code is in use. Its results are NumPy arrays. It compiles
  for each N.

  Args:
    method: gives `represent`.
    dataset: on the devices of `spread`.
    spread: how replicas are held.
  """

  def pass_over(
    params: Any, dataset: DeviceDataset, batches: jax.Array, discrete: bool
  ) -> Representation[jax.Array]:
    def of_replica(
      shared: tuple[DeviceDataset, jax.Array], params: Any
    ) -> Representation[jax.Array]:
      dataset, batches = shared

      def represent(indices: jax.Array) -> Representation[jax.Array]:
        images = spread.divide(dataset.batch(indices).images)
        return method.represent(params, images, discrete)

      return lax.map(represent, batches)

    return spread.over(of_replica)((dataset, batches), params)

  compiled = jax.jit(pass_over, static_argnames="discrete")

  def represent(
    params: Any, indices: np.ndarray, discrete: bool
  ) -> Representation[np.ndarray]:
    size = backend().representation_batch * spread.num_devices
    results = [
      fetched(compiled(params, part, spread.share(places), discrete))
      for part, places in dataset.parts(in_batches(indices, size))
    ]
    return jax.tree.map(lambda *parts: _joined(parts, len(indices)), *results)

  return represent


def _joined(parts: Sequence[np.ndarray], count: int) -> np.ndarray:
  """Joins parts `[R, n, B, ...]` to the first `count` rows, `[R, N, ...]`."""
  whole = np.concatenate(parts, axis=1)
  replicas, batches, size, *rest = whole.shape
  return whole.reshape(replicas, batches * size, *rest)[:, :count]


def in_batches(indices: np.ndarray, size: int) -> np.ndarray:
  """Returns `[N / B, B]`, the last batch filled up with the first indices.

  Args:
    indices: `[N]`.
    size: B.
  """
  count = -(-len(indices) // size)
  return np.resize(indices, (count, size)).astype(np.int32)
