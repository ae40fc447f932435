"""What trained replicas make of many images, in one compiled pass.

Letters: R replicas, N images, B batch.
"""

from collections.abc import Callable

import jax
import numpy as np
from jax import lax

from cascade_jax import data
from cascade_jax.sharding import Spread
from cascade_jax.types import Method, Representation


def compile_represent(
  method: Method, dataset: data.Dataset, spread: Spread
) -> Callable[..., Representation]:
  """A function to the representation of images, arrays `[R, N, ...]`.

  Its arguments are the replicas' params (stacked), indices `[N]`, and whether
  the discrete code is in use. Its results are NumPy arrays. It compiles for
  each N.

  Args:
    method: gives `represent`.
    dataset: its images on the devices.
    spread: how replicas are held.
  """

  def pass_over(params, images, batches, discrete):
    def of_batch(shared, params):
      images, batches = shared

      def represent(indices):
        rows = images[indices]
        batch = data.unpack(rows, dataset.image_shape, dataset.bits)
        return method.represent(params, batch, discrete)

      return lax.map(represent, batches)

    return spread.over(of_batch)((images, batches), params)

  compiled = jax.jit(pass_over, static_argnames="discrete")

  def represent(params, indices, discrete):
    batches = spread.share(_in_batches(indices, _batch_size()))
    results = jax.device_get(
      compiled(params, dataset.images, batches, discrete)
    )
    return jax.tree.map(
      lambda x: x.reshape(len(x), batches.size, *x.shape[3:])[
        :, : len(indices)
      ],
      results,
    )

  return represent


def _batch_size() -> int:
  # Measured on two CPU cores, images a second at 64x64: 3,700 in batches of 64,
  # 2,000 of 512, which leave the caches.
  return 64 if jax.default_backend() == "cpu" else 512


def _in_batches(indices: np.ndarray, size: int) -> np.ndarray:
  """`[N / B, B]`, the last batch filled up with the first indices."""
  count = -(-len(indices) // size)
  return np.resize(indices, (count, size)).astype(np.int32)
