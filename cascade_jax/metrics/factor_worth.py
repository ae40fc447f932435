"""What a factor of a data set is worth: nats of reconstruction per nat of rate.

A VAE whose KL term has the weight beta gains by encoding a factor if this saves
more than beta nats of reconstruction for each nat of rate. The worth of a
factor is therefore the KL weight below which a dimension pays for it, its
critical beta. docs/critical_beta.md explains it.

Shapes: N images, F factors, R resolutions.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.metrics import partitions
from cascade_jax.metrics.checks import check_integer, checked_factors
from cascade_jax.metrics.columns import varying_factors
from cascade_jax.metrics.group_costs import (
  ChainCosts,
  ImageRows,
  chain_costs,
)


class Worth(NamedTuple):
  """The worth of one factor while others are known.

  Attributes:
    factor: its index.
    known: indices of the factors that the decoder knows already.
    bins: `[R]` ascending; the numbers of values that are told apart. The last
      is the number of all values, unless their groups are too small.
    gains: `[R]` nats of reconstruction gained for each image.
    rates: `[R]` nats, the entropy of the factor given the known ones.
    onset: gain / rate of the best code in the limit of no rate; None for a
      sample. A dimension that encodes nothing stays so above this KL weight.
    cost: nats for each image while only the known ones are known.
  """

  factor: int
  known: tuple[int, ...]
  bins: tuple[int, ...]
  gains: np.ndarray
  rates: np.ndarray
  onset: float | None
  cost: float

  @property
  def ratios(self) -> np.ndarray:
    """`[R]` nats of reconstruction per nat of rate."""
    return self.gains / self.rates

  @property
  def highest(self) -> float:
    """The highest of the ratios: with a lower KL weight the factor pays."""
    return float(self.ratios.max())


class FactorWorth(NamedTuple):
  """The worth of all factors, in the greedy order of learning.

  Attributes:
    stages: of each stage, the factors that are not known yet, the one of the
      highest worth first; it is known in the next stage.
    given_others: of each factor, its worth while all others are known.
    is_exact: whether the images are all combinations of the factors, each once,
      so that mean images need not be estimated.
  """

  stages: tuple[tuple[Worth, ...], ...]
  given_others: tuple[Worth, ...]
  is_exact: bool

  @property
  def order(self) -> tuple[int, ...]:
    """The indices of the factors in the order of learning."""
    return tuple(stage[0].factor for stage in self.stages)


def factor_worth(
  images: ImageRows,
  factors: np.ndarray,
  *,
  resolutions: Sequence[int] = (2, 4, 8),
  fewest_members: int = 20,
) -> FactorWorth:
  """Returns what each factor is worth to an ideal VAE, nats per nat.

  The worth of factor f while the factors G are known is
  (cost(G) - cost(G and f)) / H(f | G). The cost is the Bernoulli loss of an
  ideal decoder that knows these factors exactly (`group_costs`). In each stage
  the factor with the highest worth is taken as learned.

  A factor is also taken at coarser resolutions, as bins of neighbouring values,
  since its first bit is usually worth more than the next ones. The values of a
  categorical factor have no order: of its entries, only the last does not
  depend on how they are numbered.

  If the images are all combinations of the factors' values, each once, the mean
  images are exact. Otherwise the images are a sample: entropies are corrected
  for the bias that a group's mean fits its own members, and each group must
  have `fewest_members`. A resolution with smaller groups is left out, and the
  stages end before one in which a factor has no resolution.

  Args:
    images: `[N, H, W, C]` in [0, 1]; an array, or anything that gives such
      rows for an array of indices, such as `data.HostImages`.
    factors: `[N, F]` integers; a factor with one value is left out.
    resolutions: numbers of bins, for factors with at least twice as many
      values; each factor is also taken at all its values.
    fewest_members: images in each group of a sample, at least 2.

  Raises:
    UserError: an argument is malformed, or the groups are too small even for a
      single factor.
    UndefinedMetricError: no factor varies.
  """
  factors = checked_factors(factors)
  if len(images) != len(factors):
    raise UserError(
      f"{len(images)} images have {len(factors)} rows of factors; there must "
      "be a row for each image"
    )
  check_integer("fewest_members", fewest_members, 2)
  _check_resolutions(resolutions)
  varying = varying_factors(factors).tolist()
  values = np.stack(
    [partitions.numbered(column) for column in factors.T], axis=1
  )
  is_exact = partitions.is_grid(values)
  worths = functools.partial(
    _worths,
    images,
    values,
    resolutions=resolutions[::-1],
    fewest_members=None if is_exact else fewest_members,
  )
  stages: list[tuple[Worth, ...]] = []
  left = varying
  known: tuple[int, ...] = ()
  while stage := worths(known, left):
    stages.append(tuple(sorted(stage, key=lambda w: -w.highest)))
    known = (*known, stages[-1][0].factor)
    left = [f for f in left if f not in known]
  if not stages:
    raise UserError(
      f"a factor has values with fewer than {fewest_members} of the "
      f"{len(images)} images, too few to estimate their mean image: give more "
      "images, leave the factor out, merge its values, or give all "
      "combinations of the factors, each once"
    )
  given_others = [w for w in stages[-1] if len(w.known) == len(varying) - 1]
  order = [*known, *left]
  for factor in order:
    if factor not in [w.factor for w in given_others]:
      others = tuple(f for f in order if f != factor)
      given_others += worths(others, [factor])
  return FactorWorth(tuple(stages), tuple(given_others), is_exact)


def _check_resolutions(resolutions: Sequence[int]) -> None:
  """Raises UserError unless each number of bins divides the next."""
  for bins, finer in itertools.pairwise([*resolutions, 0]):
    check_integer("each of the resolutions", bins, 2)
    if finer % bins or 0 < finer <= bins:
      raise UserError(
        f"resolutions are {tuple(resolutions)}; each must be a multiple of the "
        "one before it, such as 2, 4, 8"
      )


def _worths(
  images: ImageRows,
  values: np.ndarray,
  known: tuple[int, ...],
  left: Sequence[int],
  *,
  resolutions: Sequence[int],
  fewest_members: int | None,
) -> list[Worth]:
  """Returns the worth of the factors `left` that the known don't determine.

  Empty if one of them has no resolution, so that they can't be compared.

  Args:
    images: N.
    values: `[N, F]` of the factors, each counted from 0 without gaps.
    known: indices of factors.
    left: indices of factors.
    resolutions: numbers of bins, in descending order.
    fewest_members: of a group; None if the images are not a sample.
  """
  is_sample = fewest_members is not None
  groups = partitions.joint(values[:, known])
  factors, bins, chains = [], [], []
  for factor in left:
    splits = _splits(groups, values[:, factor], resolutions)
    if not splits:
      continue  # the known factors determine it
    usable = {
      number: labels
      for number, labels in splits.items()
      if np.bincount(labels).min() >= (fewest_members or 1)
    }
    if not usable:
      return []
    factors.append(factor)
    bins.append(tuple(usable)[::-1])
    chains.append([*usable.values(), groups])
  if not factors:
    return []
  results = chain_costs(images, chains, is_sample)
  return [
    _worth(factor, known, numbers, chain, result, is_sample)
    for factor, numbers, chain, result in zip(factors, bins, chains, results)
  ]


def _splits(
  groups: np.ndarray, column: np.ndarray, resolutions: Sequence[int]
) -> dict[int, np.ndarray]:
  """Returns the groups `[N]` split by a factor `[N]`, by the number of bins.

  Without the resolutions at which no group is split.
  """
  splits = {
    number: partitions.joint(np.stack([groups, labels], axis=1))
    for number, labels in partitions.binned(column, resolutions).items()
  }
  return {k: v for k, v in splits.items() if v.max() > groups.max()}


def _worth(
  factor: int,
  known: tuple[int, ...],
  bins: tuple[int, ...],
  chain: Sequence[np.ndarray],
  result: ChainCosts,
  is_sample: bool,
) -> Worth:
  """Returns the record of a chain, whose partitions are from fine to coarse."""
  entropies = np.array(
    [partitions.entropy(labels, is_sample) for labels in chain]
  )
  onset = None
  if not is_sample:
    onset = float(np.linalg.eigvalsh(result.coupling)[-1])
  return Worth(
    factor=factor,
    known=known,
    bins=bins,
    gains=(result.costs[-1] - result.costs[:-1])[::-1],
    rates=(entropies[:-1] - entropies[-1])[::-1],
    onset=onset,
    cost=float(result.costs[-1]),
  )
