"""Categories as connected pieces of a graph of nearest neighbours.

Points are linked if each is among the k nearest of the other. With a small k
the graph falls into many fragments, and with a large one it hangs together. In
between there can be a plateau: a long range of k over which the number of
pieces doesn't change. Then the points lie in that many separate parts of space.

Links are mutual because in the usual graph, where each point is linked to its k
nearest, one outlier between two parts joins them. Here outliers remain
fragments instead. So a fragment counts as a piece only if it has at least 1 %
of the points, and the pieces of a graph are counted only if together they have
at least 90 % of the points.

All graphs come from one minimum spanning forest. Let the length of a link be
the k from which on it exists. The graph of k then has the same components as
the links of the forest that are at most k long: this is single-linkage
clustering with ranks for distances.

Shapes: n points in d dimensions, K the largest k, a tenth of n.
"""

import itertools
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from cascade_jax.connectivity.neighbours import (
  checked_points,
  mutual_ranks,
  nearest,
)
from cascade_jax.errors import UserError

_PIECE = 0.01  # of the points, the least that a piece has
_FEWEST = 5  # points, likewise
_COVERED = 0.9  # of the points, the least that all pieces have together
_WIDE = 1.5  # ratio of k; points without parts have narrower plateaus by chance


class Plateau(NamedTuple):
  """Successive values of k whose graphs have the same number of pieces.

  From 10 neighbours to 20 is as far as from 100 to 200, so k is measured by
  ratios.
  """

  num_pieces: int
  first: int  # k
  last: int  # k

  @property
  def middle(self) -> int:
    """The k in the middle, the geometric mean of both ends."""
    return round((self.first * self.last) ** 0.5)

  @property
  def width(self) -> float:
    """The ratio of the first k after the plateau to the first k in it."""
    return (self.last + 1) / self.first


class Components(NamedTuple):
  """The pieces of one graph."""

  labels: np.ndarray  # [n] int32 from 0
  num_neighbours: int  # k
  plateau: Plateau  # the one that k is the middle of
  num_pieces: np.ndarray  # [K] for k = 1 ... K; 0 where they aren't counted


def component_cut(points: np.ndarray, num_categories: int) -> Components:
  """Cuts points into pieces, in the middle of their number's widest plateau.

  Args:
    points: `[n, d]`, n at least 50.
    num_categories: the number of pieces, at least 2.

  Returns:
    The pieces. A point in a fragment gets the label of the nearest piece.

  Raises:
    UserError: no plateau of this number is wide enough (k has to grow by half),
      or an argument is malformed.
  """
  points = checked_points(points, num_categories)
  forest = _spanning_forest(points)
  num_pieces = _numbers_of_pieces(forest)
  runs = _plateaus(num_pieces)
  suitable = [run for run in runs if run.num_pieces == num_categories]
  plateau = max(suitable, key=lambda run: run.width, default=None)
  if plateau is None or plateau.width < _WIDE:
    raise UserError(_no_plateau(num_categories, runs))
  labels = _pieces(forest, plateau.middle)
  inside, outside = np.flatnonzero(labels >= 0), np.flatnonzero(labels < 0)
  labels[outside] = labels[inside[nearest(points[outside], points[inside])]]
  return Components(labels, plateau.middle, plateau, num_pieces)


def plateaus(points: np.ndarray) -> list[Plateau]:
  """Returns the plateaus of two and more pieces, the widest first.

  The first one's number of pieces is the number of categories that the points
  suggest. An empty list says that they don't fall apart.

  Args:
    points: `[n, d]`, n at least 50.

  Raises:
    UserError: the points are malformed.
  """
  points = checked_points(points)
  runs = _plateaus(_numbers_of_pieces(_spanning_forest(points)))
  apart = [run for run in runs if run.num_pieces > 1]
  return sorted(apart, key=lambda run: -run.width)


def _spanning_forest(points: np.ndarray) -> csr_array:
  """Links `[n, n]` as short as possible that join what any k up to K joins."""
  return minimum_spanning_tree(mutual_ranks(points, len(points) // 10))


def _pieces(forest: csr_array, k: int) -> np.ndarray:
  """The piece `[n]` int32 of each point in the graph of k, -1 for fragments."""
  links = forest.tocoo()
  short = links.data <= k
  graph = csr_array(
    (links.data[short], (links.row[short], links.col[short])), links.shape
  )
  _, labels = connected_components(graph, directed=False)
  sizes = np.bincount(labels)
  is_piece = sizes >= max(_FEWEST, _PIECE * len(labels))
  numbers = np.where(is_piece, is_piece.cumsum() - 1, -1)
  return numbers[labels].astype(np.int32)


def _numbers_of_pieces(forest: csr_array) -> np.ndarray:
  """The number of pieces for k = 1 ... K, 0 while they have too few points."""
  graphs = [_pieces(forest, k) for k in range(1, forest.shape[0] // 10 + 1)]
  return np.array(
    [
      labels.max() + 1 if (labels >= 0).mean() >= _COVERED else 0
      for labels in graphs
    ]
  )


def _plateaus(num_pieces: np.ndarray) -> list[Plateau]:
  """The plateaus of one and more pieces, by k."""
  runs, first = [], 1
  for number, run in itertools.groupby(num_pieces.tolist()):
    last = first + len(list(run)) - 1
    if number:
      runs.append(Plateau(number, first, last))
    first = last + 1
  return runs


def _no_plateau(num_categories: int, runs: list[Plateau]) -> str:
  """What to say if no plateau of the wanted number is wide enough."""
  widest = sorted(runs, key=lambda run: run.width)[-5:]
  found = ", ".join(
    f"{run.num_pieces} for k = {run.first} to {run.last}"
    for run in sorted(widest, key=lambda run: run.first)
  )
  return (
    f"the points don't fall into {num_categories} pieces over a range of k "
    "nearest neighbours that ends at 1.5 times its start or later; the widest "
    f"ranges of a number of pieces are {found or 'none, only fragments'}. Try "
    "a larger sample of images, another registration, another number of "
    'categories, or cut "spectral", which also cuts pieces that touch'
  )
