"""The paper's disentanglement score: FactorVAE's, with a discrete code.

Shapes: N examples, m continuous dimensions, D discrete variables, F factors,
L images a vote, V votes a factor, S categories.
"""

from typing import NamedTuple

import numpy as np

from cascade_jax.metrics.checks import (
  check_integer,
  check_not_negative,
  checked_kl,
)
from cascade_jax.metrics.columns import checked_columns, varying_factors

_DIGITS = 9  # to which ratios are compared


class DisentanglementScore(NamedTuple):
  """The score and the votes it was counted from.

  Attributes:
    score: share of the votes that the majority classifier predicts correctly.
    votes: `[columns, factors]` int64; the last rows are the discrete variables.
    columns: indices of the continuous columns that were not dropped.
    factors: indices of the factors that vary.
    column_factors: `[columns]` the factor that the classifier assigns to each
      column, -1 for none.
    num_codes: D, the number of discrete variables.
    num_votes: total number of votes.
  """

  score: float
  votes: np.ndarray
  columns: np.ndarray
  factors: np.ndarray
  column_factors: np.ndarray
  num_codes: int
  num_votes: int


def disentanglement_score(
  means: np.ndarray | None,
  factors: np.ndarray,
  *,
  kl: np.ndarray | None = None,
  categories: np.ndarray | None = None,
  num_votes: int = 800,
  vote_size: int = 100,
  kl_threshold: float = 0.1,
  seed: int = 0,
) -> DisentanglementScore:
  """Returns how well the column of lowest variance identifies a fixed factor.

  Kim & Mnih 2018, section 4, in the protocol of Jeong & Song 2019 (the numbers
  are from their code). The following is done num_votes // F times for each
  factor that varies: a value of it is drawn, and then vote_size examples with
  that value. The variance (unbiased) of each continuous column over these
  examples is divided by its variance over all examples, and so is the Gini
  variance (L^2 - sum n_k^2) / (2 L (L - 1)) of the categories. The column with
  the lowest ratio gets the vote. The majority classifier then assigns to each
  column the factor that it got most votes for, and the score is the share of
  votes that this classifier predicts correctly, ON THE VOTES IT WAS MADE FROM.

  With the same draws, every single vote equals that of the authors' code,
  except for columns that tie exactly (`count_votes`).

  disentanglement_lib scores held-out votes of 64 images, draws a factor for
  each vote, drops columns by their standard deviation and ignores categories:
  its numbers are not comparable. The means of a trained JointVAE
  (tests/fixtures) score 0.57 here and 0.75 there, which is also our score if
  nothing is dropped; with the category they score 0.78 here.

  A column that is constant over all examples carries no information and has no
  variance to divide by: here it never gets a vote. The authors divide by the
  Gini variance plus 1e-10, so in their code a discrete variable with a single
  category has the ratio 0, gets every vote, and lowers the score to 1 / F
  whatever the other columns encode.

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices. Votes draw from the available examples,
      which need not form a grid. A value that only one example has is not
      drawn, unless this is so for all values of a factor; then nothing varies
      in its votes, and the first column gets them.
    kl: `[m]` mean KL of each dimension in nats; dimensions at or below
      `kl_threshold` are dropped. None keeps all.
    categories: `[N]` integers from 0, or `[N, D]` for D discrete variables;
      each one is one more column, which is never dropped.
    num_votes: in total, at least F; 800 in the paper.
    vote_size: L.
    kl_threshold: in nats.
    seed: of the votes.

  Returns:
    The score; 1 / F, and no votes, if no column can get a vote.

  Raises:
    UserError: an argument is malformed; the message names it.
    UndefinedMetricError: fewer than two factors vary.
  """
  code, factors = checked_columns(means, factors, categories)
  kl = checked_kl(kl, code.means.shape[1])
  varying = varying_factors(factors, at_least=2)
  check_integer("num_votes", num_votes, len(varying))
  check_integer("vote_size", vote_size, 2)
  check_integer("seed", seed, 0)
  check_not_negative("kl_threshold", kl_threshold)
  # Columns that can get votes. In units of its span, a column has squares that
  # neither overflow nor vanish.
  spans = np.ptp(code.means, axis=0)
  columns = np.flatnonzero((kl > kl_threshold) & (spans > 0))
  means = code.means[:, columns] / spans[columns]
  variables = code.categories.T
  is_constant = [(labels == labels[0]).all() for labels in variables]
  num_codes = len(variables)
  votes = np.zeros((len(columns) + num_codes, len(varying)), np.int64)
  if not len(columns) and all(is_constant):
    no_factors = np.full(len(votes), -1)
    return DisentanglementScore(
      1 / len(varying), votes, columns, varying, no_factors, num_codes, 0
    )
  # Votes.
  rng = np.random.default_rng(seed)
  overall = means.var(axis=0, ddof=1)
  for index, factor in enumerate(varying):
    drawn = draw_votes(
      factors[:, factor], num_votes // len(varying), vote_size, rng
    )
    ratios = [means[drawn].var(axis=1, ddof=1) / overall]
    for labels, constant in zip(variables, is_constant):
      never = np.full(len(drawn), np.inf)
      ratios.append(never if constant else _gini_ratios(labels, drawn))
    votes[:, index] = count_votes(np.column_stack(ratios))
  # The majority classifier.
  score = float(votes.max(axis=1).sum() / votes.sum())
  majority = np.where(votes.any(axis=1), varying[votes.argmax(axis=1)], -1)
  return DisentanglementScore(
    score, votes, columns, varying, majority, num_codes, int(votes.sum())
  )


def draw_votes(
  values: np.ndarray, num_votes: int, vote_size: int, rng: np.random.Generator
) -> np.ndarray:
  """Returns examples `[num_votes, vote_size]` that share a value in each vote.

  The value of a vote is drawn uniformly from the values with at least two
  examples (from all values if there is none), and its examples uniformly with
  replacement.

  Args:
    values: `[N]` of one factor.
    num_votes: number of rows.
    vote_size: number of examples in a row.
    rng: draws the values and the examples.
  """
  order = np.argsort(values, kind="stable")
  _, starts, counts = np.unique(
    values[order], return_index=True, return_counts=True
  )
  if (counts > 1).any():  # nothing varies over copies of a single example
    starts, counts = starts[counts > 1], counts[counts > 1]
  chosen = rng.integers(len(starts), size=num_votes)
  within = rng.integers(counts[chosen, None], size=(num_votes, vote_size))
  return order[starts[chosen, None] + within]


def count_votes(ratios: np.ndarray) -> np.ndarray:
  """Returns how many rows of ratios `[V, columns]` each column is lowest in.

  If columns tie, the first one gets the vote. Columns that mix the same factors
  tie in every vote except for rounding errors, which do not favour the columns
  equally: without rounding the ratios first, some such codes score far above
  the expected 0.5.

  Returns:
    `[columns]`.
  """
  winners = np.round(ratios, _DIGITS).argmin(axis=1)
  return np.bincount(winners, minlength=ratios.shape[1])


def _gini_ratios(categories: np.ndarray, drawn: np.ndarray) -> np.ndarray:
  """Returns the Gini variance within each vote over that of all examples.

  Args:
    categories: `[N]` of one variable, which is not constant.
    drawn: `[V, L]` examples of each vote.

  Returns:
    `[V]`.
  """
  overall = np.bincount(categories)
  cells = categories[drawn] + len(overall) * np.arange(len(drawn))[:, None]
  counts = np.bincount(cells.ravel(), minlength=len(drawn) * len(overall))
  within = _gini_variance(counts.reshape(len(drawn), len(overall)))
  return within / _gini_variance(overall)


def _gini_variance(counts: np.ndarray) -> np.ndarray:
  """Returns (L^2 - sum n_k^2) / (2 L (L - 1)) of counts `[..., S]`."""
  total = counts.sum(axis=-1)
  return (total**2 - (counts**2).sum(axis=-1)) / (2 * total * (total - 1))
