"""The disentanglement score of the paper: FactorVAE's, with a discrete code.

Letters: N examples, m continuous dimensions, F factors, L images a vote, V
votes a factor.
"""

from typing import NamedTuple

import numpy as np


class DisentanglementScore(NamedTuple):
  """The score and the votes it was counted from."""

  score: float
  votes: np.ndarray  # [kept columns, kept factors] int64; the code comes last
  columns: np.ndarray  # indices of the continuous columns kept
  factors: np.ndarray  # indices of the factors that vary
  column_factors: np.ndarray  # the factor that each kept column stands for


def disentanglement_score(
  means: np.ndarray,
  factors: np.ndarray,
  *,
  kl: np.ndarray | None = None,
  categories: np.ndarray | None = None,
  num_votes: int = 800,
  vote_size: int = 100,
  kl_threshold: float = 0.1,
  seed: int = 0,
) -> DisentanglementScore:
  """Fix a factor, vary the rest: the column that varies least votes for it.

  Kim & Mnih 2018, section 4, in the protocol of Jeong & Song 2019 (numbers
  from their code). For each factor that varies, num_votes // F times: a value
  of it is drawn, then vote_size examples with that value. Each continuous
  column's variance (unbiased) over them is divided by its variance over all
  examples; the categories' Gini variance (L^2 - sum n_k^2) / (2 L (L - 1))
  likewise. The smallest ratio votes. A column then stands for the factor that
  it got most votes from, and the score is the share of votes that this
  majority classifier gets right, ON THE VOTES IT WAS MADE FROM.

  disentanglement_lib scores held-out votes of 64 images, draws a factor for
  each vote, drops columns by their standard deviation and knows no categories:
  its numbers are not comparable.

  Args:
    means: `[N, m]` posterior means.
    factors: `[N, F]` class indices. Any examples will do, a full grid isn't
      needed: votes draw from those that are there.
    kl: `[m]` mean KL of each dimension in nats; those at or below
      `kl_threshold` are dropped. None keeps all.
    categories: `[N]` integers from 0; one more column, never dropped. A code
      that is the same for all examples can't vote (it has no variance to be
      divided by).
    num_votes: in all; the paper has 800.
    vote_size: L.
    kl_threshold: nats.
    seed: of the votes.

  Returns:
    The score; 1 / F where no column is left.

  Raises:
    ValueError: names the argument that is off.
  """
  means, factors = _checked(means, factors, kl, categories)
  if num_votes < 1 or vote_size < 2:
    raise ValueError(
      f"num_votes is {num_votes} and vote_size {vote_size}; at least 1 vote "
      "of 2 images is needed"
    )
  varying = np.flatnonzero((factors != factors[:1]).any(axis=0))
  if not len(varying):
    raise ValueError("every factor has one value; there is nothing to vote on")
  kept = np.ones(means.shape[1], bool) if kl is None else kl > kl_threshold
  kept &= (means != means[:1]).any(axis=0)
  columns = np.flatnonzero(kept)
  means = means[:, kept]
  if categories is not None and (categories == categories[0]).all():
    categories = None
  num_columns = len(columns) + (categories is not None)
  votes = np.zeros((num_columns, len(varying)), np.int64)
  if not num_columns:
    nobody = np.zeros(0, np.int64)
    return DisentanglementScore(
      1 / len(varying), votes, columns, varying, nobody
    )
  rng = np.random.default_rng(seed)
  votes_each = max(1, num_votes // len(varying))
  for index, factor in enumerate(varying):
    drawn = draw_votes(factors[:, factor], votes_each, vote_size, rng)
    ratios = _variance_ratios(means, categories, drawn)
    votes[:, index] = np.bincount(ratios.argmin(axis=1), minlength=num_columns)
  score = votes.max(axis=1).sum() / votes.sum()
  majority = varying[votes.argmax(axis=1)]
  return DisentanglementScore(float(score), votes, columns, varying, majority)


def draw_votes(
  values: np.ndarray, num_votes: int, vote_size: int, rng: np.random.Generator
) -> np.ndarray:
  """Examples `[num_votes, vote_size]` that share a value within each vote.

  Each vote's value is drawn evenly from those present, its examples evenly
  (and with replacement) from those that have it.
  """
  order = np.argsort(values, kind="stable")
  _, starts, counts = np.unique(
    values[order], return_index=True, return_counts=True
  )
  chosen = rng.integers(len(starts), size=num_votes)
  within = rng.integers(counts[chosen, None], size=(num_votes, vote_size))
  return order[starts[chosen, None] + within]


def _variance_ratios(means, categories, drawn) -> np.ndarray:
  """Variance within each vote over variance overall, `[V, columns]`."""
  within = means[drawn].var(axis=1, ddof=1)
  ratios = within / means.var(axis=0, ddof=1)
  if categories is None:
    return ratios
  one_hot = np.eye(categories.max() + 1)
  gini = _gini_variance(one_hot[categories[drawn]].sum(axis=1))
  overall = _gini_variance(np.bincount(categories))
  return np.concatenate([ratios, (gini / overall)[:, None]], axis=1)


def _gini_variance(counts: np.ndarray) -> np.ndarray:
  """(L^2 - sum n_k^2) / (2 L (L - 1)) of counts `[..., S]`."""
  total = counts.sum(axis=-1)
  return (total**2 - (counts**2).sum(axis=-1)) / (2 * total * (total - 1))


def _checked(means, factors, kl, categories):
  means, factors = np.asarray(means, np.float64), np.asarray(factors)
  if means.ndim != 2 or not len(means):
    raise ValueError(f"means must have shape [N, m], got {means.shape}")
  if not np.isfinite(means).all():
    raise ValueError("means hold NaN or infinity; the model has diverged")
  if factors.ndim != 2 or len(factors) != len(means):
    raise ValueError(
      f"factors must have shape [{len(means)}, F], a row for each of means; "
      f"got {factors.shape}"
    )
  if not np.issubdtype(factors.dtype, np.integer):
    raise ValueError(f"factors must be integers, got {factors.dtype}")
  if kl is not None and np.shape(kl) != means.shape[1:]:
    raise ValueError(
      f"kl must have one entry for each of {means.shape[1]} columns, got "
      f"shape {np.shape(kl)}"
    )
  if categories is None:
    return means, factors
  if np.shape(categories) != means.shape[:1]:
    raise ValueError(
      f"categories must have shape [{len(means)}], got {np.shape(categories)}"
    )
  if not np.issubdtype(categories.dtype, np.integer) or categories.min() < 0:
    raise ValueError("categories must be integers counted from 0")
  return means, factors
