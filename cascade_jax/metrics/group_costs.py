"""What images cost a decoder that knows which group each one belongs to.

The decoder is ideal and factorised: it draws every image of a group as the mean
image of that group. The Bernoulli loss, averaged over a group, is then the
entropy of the mean image, summed over pixels; for grey values too, since the
loss is linear in them.

A chain is a sequence of partitions of the images, from fine to coarse. A
partition is an array of labels `[N]`, counted from 0 without gaps; images that
share a label share their labels in the coarser partitions of the chain.

Shapes: N images of P pixels (all channels), n images in memory, G groups, V
finest groups in each coarsest one.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from scipy import sparse
from scipy.special import entr

from cascade_jax.errors import UserError
from cascade_jax.metrics.partitions import numbered

_BLOCK = 2**23  # pixels in memory at once


class ImageRows(Protocol):
  """Images that are read in blocks: an array, or anything like one."""

  def __len__(self) -> int:
    """Returns N."""
    ...

  def __getitem__(self, indices: np.ndarray, /) -> np.ndarray:
    """Returns the images of indices `[n]`, `[n, H, W, C]` in [0, 1]."""
    ...


class ChainCosts(NamedTuple):
  """The cost of images for a chain of partitions; both are means over images.

  Attributes:
    costs: `[partitions]` nats, from fine to coarse.
    coupling: `[V, V]`, see `_coupling`; all 0 for a sample.
  """

  costs: np.ndarray
  coupling: np.ndarray


def chain_costs(
  images: ImageRows, chains: Sequence[Sequence[np.ndarray]], is_sample: bool
) -> list[ChainCosts]:
  """Returns the cost of images for each partition of each chain.

  The mean image of a group fits its own members, which makes the entropy of
  the mean too small by about s^2 / (2 n m (1 - m)) at a pixel of mean m and
  variance s^2 in a group of n. For a sample this bias is added back. For binary
  pixels it is 1 / (2 (n - 1)), the correction of Miller (1955).

  Args:
    images: read once, in blocks.
    chains: all of them end with the same partition.
    is_sample: if True, each group must have two members or more. If False, the
      images are a whole population in which all finest groups have one size,
      and all coarsest groups V of them.
  """
  totals: list[ChainCosts] = []
  for members in _whole_groups(chains[0][-1], _block_size(images)):
    levels = [[numbered(k[members]) for k in chain] for chain in chains]
    finest = [chain[0] for chain in levels]
    sums = _sums(images, members, finest, with_squares=is_sample)
    parts = [_of_block(*pair) for pair in zip(levels, sums)]
    totals = _added(totals, parts)
  return [ChainCosts(*(x / len(images) for x in total)) for total in totals]


def _block_size(images: ImageRows) -> int:
  """Returns the number of images in a block."""
  return max(1, _BLOCK // np.asarray(images[np.arange(1)]).size)


def _whole_groups(labels: np.ndarray, size: int) -> Iterator[np.ndarray]:
  """Yields the indices of whole groups: `size` of them, or one larger group."""
  order = np.argsort(labels, kind="stable")
  ends = np.cumsum(np.bincount(labels))
  start = 0
  while start < len(order):
    first, last = np.searchsorted(ends, [start, start + size], side="right")
    stop = ends[max(first, last - 1)]
    yield order[start:stop]
    start = stop


def _sums(
  images: ImageRows,
  members: np.ndarray,
  partitions: Sequence[np.ndarray],
  with_squares: bool,
) -> list[list[np.ndarray]]:
  """Returns sums over groups of pixels, and of squares, `[G, P]` each.

  Args:
    images: read in blocks.
    members: `[n]` indices of images.
    partitions: labels `[n]` of these images.
    with_squares: whether to return the latter.
  """
  size = _block_size(images)
  totals: list[list[np.ndarray]] = []
  for start in range(0, len(members), size):
    block = _rows(images, members[start : start + size])
    if len(block) == len(members):  # leave out pixels that cost nothing
      varies = (block.max(axis=0) > 0) & (block.min(axis=0) < 1)
      block = np.compress(varies, block, axis=1)
    pixels = block.astype(np.float32, copy=False)
    powers = [pixels, pixels**2] if with_squares else [pixels]
    sums = []
    for labels in partitions:
      gather = _gather(labels[start : start + size], labels.max() + 1)
      sums.append([gather @ power for power in powers])
    totals = _added(totals, sums)
  return totals


def _added(totals: list, parts: list) -> list:
  """Returns the sum of lists of tuples of arrays; the first may be empty."""
  if not totals:
    return parts
  # In float64, since float32 has too few digits for sums over many blocks.
  return [
    [np.add(x, y, dtype=np.float64) for x, y in zip(total, part)]
    for total, part in zip(totals, parts)
  ]


def _rows(images: ImageRows, indices: np.ndarray) -> np.ndarray:
  """Returns the pixels of images, `[n, P]`.

  Raises:
    UserError: a pixel outside [0, 1].
  """
  rows = np.asarray(images[indices]).reshape(len(indices), -1)
  if not (rows.min() >= 0 and rows.max() <= 1):  # also for NaN
    raise UserError(
      f"images must lie in [0, 1], got [{rows.min()}, {rows.max()}]; divide "
      "by 255?"
    )
  return rows


def _gather(labels: np.ndarray, num_groups: int) -> sparse.csr_array:
  """Returns the matrix `[num_groups, n]` that sums rows by their label."""
  ones, columns = np.ones(len(labels), np.float32), np.arange(len(labels))
  return sparse.csr_array(
    (ones, (labels, columns)), shape=(num_groups, len(labels))
  )


def _of_block(
  chain: Sequence[np.ndarray], sums: Sequence[np.ndarray]
) -> ChainCosts:
  """Returns what a chain costs, summed over the images of a block.

  Args:
    chain: labels `[n]`, from fine to coarse.
    sums: `_sums` of the finest partition.
  """
  finest, finer, costs = sums[0], chain[0], []
  for labels in chain:
    part_of = np.zeros(finer.max() + 1, np.int64)
    part_of[finer] = labels
    gather = _gather(part_of, labels.max() + 1)
    sums = [gather @ moment for moment in sums]
    costs.append(_summed_entropy(np.bincount(labels), *sums))
    finer = labels
  coupling = np.zeros((1, 1))
  if len(sums) == 1:
    coupling = _coupling(finest, sums[0], len(finer))
  return ChainCosts(np.array(costs), coupling)


def _summed_entropy(
  counts: np.ndarray, sums: np.ndarray, squares: np.ndarray | None = None
) -> float:
  """Returns the entropy of mean images, times the groups' members, summed.

  Args:
    counts: `[G]` members.
    sums: `[G, P]` of pixels over the members.
    squares: `[G, P]`, sums of squares, if the entropy is to be corrected.
  """
  # Members agree on most pixels, and logarithms are slow.
  varies = (sums > 0) & (sums < counts[:, None])
  n = np.broadcast_to(counts[:, None], sums.shape)[varies]
  p = sums[varies] / n
  total = (n * (entr(p) + entr(1 - p))).sum()
  if squares is not None:
    variance = (squares[varies] - n * p**2) / (n - 1)
    total += (variance / (2 * p * (1 - p))).sum()
  return float(total)


def _coupling(
  finest: np.ndarray, coarsest: np.ndarray, num_images: int
) -> np.ndarray:
  r"""Returns the matrix A `[V, V]` of small changes, summed over the images.

  A code that tells the decoder a little of which finest group an image is from,
  z ~ N(e a_v, 1) with a small e and mean 0, variance 1 of a over the groups v,
  has the rate e^2 / 2. It gains e^2 / 2 times the sum over pixels of
  Cov(a, m)^2 / (m (1 - m)), where m_v is the mean of group v and m that of
  the coarsest group. This is a^T A a / V with A_vw = (1 / V) sum over pixels of
  (m_v - m) (m_w - m) / (m (1 - m)), so the largest gain for each nat of rate is
  the largest eigenvalue of A.

  Args:
    finest: `[G V, P]` sums over groups of one size, V for each coarsest group
      in turn.
    coarsest: `[G, P]` sums.
    num_images: in all groups together.
  """
  num_groups, num_values = len(coarsest), len(finest) // len(coarsest)
  size = num_images / len(finest)
  means = coarsest[:, None] / (size * num_values)
  deviations = finest.reshape(num_groups, num_values, -1) / size - means
  spread = np.sqrt(means * (1 - means))
  scaled = deviations / np.where(spread > 0, spread, 1)
  return size * np.tensordot(scaled, scaled, axes=([0, 2], [0, 2]))
