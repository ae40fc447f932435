"""Categories by a spectral cut of a graph of nearest neighbours.

For data whose categories touch, so that no graph has them as separate pieces.
A spectral cut looks for groups that only few links join (the relaxed normalised
cut; Shi & Malik 2000, von Luxburg 2007).

Shapes: n points in d dimensions.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import SpectralClustering
from sklearn.neighbors import NearestNeighbors

from cascade_jax.connectivity.neighbours import checked_points
from cascade_jax.errors import UserError


class SpectralCut(NamedTuple):
  """The groups of one graph."""

  labels: np.ndarray  # [n] int32 from 0
  num_neighbours: int  # k


def spectral_cut(
  points: np.ndarray, num_categories: int, num_neighbours: int = 10
) -> SpectralCut:
  """Cuts points into groups that few links join.

  Each point is linked to its k nearest; a link of both directions has weight 1,
  and one of a single direction 1/2. In a graph of several components the cut
  would be arbitrary (they can be grouped in many ways without cutting a link).
  So if the graph isn't connected, k grows in steps of `num_neighbours` until it
  is, up to a tenth of n.

  Args:
    points: `[n, d]`, n at least 50.
    num_categories: the number of groups, at least 2.
    num_neighbours: the smallest k.

  Raises:
    UserError: no graph is connected, or an argument is malformed.
  """
  points = checked_points(points, num_categories)
  largest = len(points) // 10
  if not 1 <= num_neighbours <= largest:
    raise UserError(
      f"num_neighbours is {num_neighbours}; it must lie in 1..{largest}, a "
      f"tenth of the {len(points)} points"
    )
  search = NearestNeighbors().fit(points)
  for k in range(num_neighbours, largest + 1, num_neighbours):
    graph = search.kneighbors_graph(n_neighbors=k)
    num_components, _ = connected_components(graph, directed=False)
    if num_components == 1:
      return SpectralCut(_groups(graph, num_categories), k)
  raise UserError(
    f"the graph of {k} nearest neighbours still has {num_components} separate "
    'components, so a spectral cut would be arbitrary; use cut "components" or '
    "a larger sample of images"
  )


def _groups(graph: csr_matrix, num_categories: int) -> np.ndarray:
  """The group `[n]` int32 of each point of a connected graph.

  `cluster_qr` reads the groups off the eigenvectors without the random starts
  of k-means. The seed is that of the eigensolver's first vector.
  """
  clustering = SpectralClustering(
    num_categories,
    affinity="precomputed",
    assign_labels="cluster_qr",
    random_state=0,
  )
  return clustering.fit_predict((graph + graph.T) / 2).astype(np.int32)
