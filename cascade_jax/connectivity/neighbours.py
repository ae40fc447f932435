"""Nearest neighbours of points by Euclidean distance.

Shapes: n points in d dimensions.
"""

import numpy as np
from scipy.sparse import csr_array
from sklearn.neighbors import NearestNeighbors

from cascade_jax.errors import UserError

_FEWEST = 50  # points


def mutual_ranks(points: np.ndarray, largest: int) -> csr_array:
  """Returns for pairs of points the k from which on they are neighbours.

  Two points are mutual k-nearest neighbours if each is among the k nearest of
  the other. Point j is the r-th nearest of i, and i the q-th nearest of j: the
  pair is linked in the mutual graphs of all k >= max(r, q).

  Args:
    points: `[n, d]`.
    largest: the largest k, below n.

  Returns:
    `[n, n]` symmetric sparse int32: max(r, q) where it is at most `largest`.
  """
  search = NearestNeighbors(n_neighbors=largest).fit(points)
  neighbours = search.kneighbors(return_distance=False)  # [n, k], self left out
  num_points = len(points)
  ranks = csr_array(
    (
      np.tile(np.arange(1, largest + 1, dtype=np.int32), num_points),
      # Older versions of SciPy make spanning trees of 32-bit indices only.
      neighbours.ravel().astype(np.int32),
      np.arange(num_points + 1, dtype=np.int32) * np.int32(largest),
    ),
    shape=(num_points, num_points),
  )
  is_mutual = (ranks > 0).multiply((ranks > 0).T)
  return csr_array(ranks.maximum(ranks.T).multiply(is_mutual))


def nearest(points: np.ndarray, references: np.ndarray) -> np.ndarray:
  """Returns the index `[n]` of the nearest of some references for each point.

  It multiplies matrices in float32, so nearly equal distances may be confused.

  Args:
    points: `[n, d]` float32.
    references: `[r, d]` float32.
  """
  squares = np.square(references).sum(axis=1)
  return (squares - 2 * points @ references.T).argmin(axis=1)


def checked_points(points: np.ndarray, num_groups: int = 2) -> np.ndarray:
  """Returns the points, with a check of how many groups they shall form.

  Raises:
    UserError: points that are not a finite matrix or fewer than 50; fewer than
      two groups.
  """
  points = np.asarray(points)
  if points.ndim != 2 or len(points) < _FEWEST or not points.size:
    raise UserError(
      f"points must have shape [n, d] with n at least {_FEWEST}, got "
      f"{points.shape}; take more images"
    )
  if not np.isfinite(points).all():
    raise UserError("points must be finite numbers; some are NaN or infinite")
  if num_groups < 2:
    raise UserError(
      f"the number of categories must be at least 2, got {num_groups}"
    )
  return points
