"""The disentanglement score of the paper: FactorVAE's, with a discrete code.

Letters: N examples, m continuous dimensions, F factors, L images a vote, V
votes a factor.
"""

from typing import NamedTuple

import numpy as np

from cascade_jax.metrics import codes as codes_lib

_DIGITS = 9  # of ratios, that are compared


class DisentanglementScore(NamedTuple):
  """The score and the votes it was counted from.

  Attributes:
    score: share of the votes that the majority classifier gets right.
    votes: `[columns, factors]` int64; codes are the last rows.
    columns: indices of the continuous columns kept.
    factors: indices of the factors that vary.
    column_factors: `[columns]` the factor it stands for, -1 for none.
    num_codes: discrete variables, which the last rows are of.
    num_votes: cast in all.
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
  """Fix a factor, vary the rest: the column that varies least votes for it.

  Kim & Mnih 2018, section 4, in the protocol of Jeong & Song 2019 (numbers
  from their code). For each factor that varies, num_votes // F times: a value
  of it is drawn, then vote_size examples with that value. Each continuous
  column's variance (unbiased) over them is divided by its variance over all
  examples; the categories' Gini variance (L^2 - sum n_k^2) / (2 L (L - 1))
  likewise. The smallest ratio votes. A column then stands for the factor that
  it got most votes from, and the score is the share of votes that this
  majority classifier gets right, ON THE VOTES IT WAS MADE FROM.

  On the same draws the votes are those of the authors' code, each single one,
  but where columns tie exactly (`count_votes`).

  disentanglement_lib scores held-out votes of 64 images, draws a factor for
  each vote, drops columns by their standard deviation and knows no categories:
  its numbers are not comparable. On the means of a trained JointVAE
  (tests/fixtures) 0.57 here and 0.75 there, which is 0.75 here, too, once
  nothing is dropped; 0.78 here with the category.

  A column that is the same for all examples carries nothing and has no
  variance to be divided by: here it never votes. The authors divide by the
  Gini variance plus 1e-10, so there a code of one category has the ratio 0,
  wins the votes, and pulls the score to 1 / F whatever the others hold.

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices. Any examples will do, a full grid isn't
      needed: votes draw from those that are there. A value that only one
      example has is not drawn; where that is so of all values of a factor,
      nothing varies in its votes, and the first column wins them.
    kl: `[m]` mean KL of each dimension in nats; those at or below
      `kl_threshold` are dropped. None keeps all.
    categories: `[N]` integers from 0, or `[N, D]` of D discrete variables; as
      many more columns, never dropped.
    num_votes: in all, at least F; the paper has 800.
    vote_size: L.
    kl_threshold: nats.
    seed: of the votes.

  Returns:
    The score; 1 / F, and no votes, where no column can vote.

  Raises:
    UserError: names the argument that is off.
  """
  (means, categories), factors = codes_lib.check(means, factors, categories)
  kl = codes_lib.check_kl(kl, means.shape[1])
  categories = categories.T
  varying = codes_lib.varying(factors)
  codes_lib.check_integer("num_votes", num_votes, len(varying))
  codes_lib.check_integer("vote_size", vote_size, 2)
  codes_lib.check_integer("seed", seed, 0)
  codes_lib.check_not_negative("kl_threshold", kl_threshold)
  spans = np.ptp(means, axis=0)
  columns = np.flatnonzero((kl > kl_threshold) & (spans > 0))
  # In units of the span, squares neither overflow nor vanish.
  means = means[:, columns] / spans[columns]
  num_codes = len(categories)
  votes = np.zeros((len(columns) + num_codes, len(varying)), np.int64)
  can_vote = [(labels != labels[0]).any() for labels in categories]
  if not len(columns) and not any(can_vote):
    nothing = np.full(len(votes), -1)
    return DisentanglementScore(
      1 / len(varying), votes, columns, varying, nothing, num_codes, 0
    )
  rng = np.random.default_rng(seed)
  overall = means.var(axis=0, ddof=1)
  for index, factor in enumerate(varying):
    drawn = draw_votes(
      factors[:, factor], num_votes // len(varying), vote_size, rng
    )
    ratios = [means[drawn].var(axis=1, ddof=1) / overall]
    for labels, votes_too in zip(categories, can_vote):
      never = np.full(len(drawn), np.inf)
      ratios.append(_gini_ratios(labels, drawn) if votes_too else never)
    votes[:, index] = count_votes(np.column_stack(ratios))
  score = float(votes.max(axis=1).sum() / votes.sum())
  majority = np.where(votes.any(axis=1), varying[votes.argmax(axis=1)], -1)
  return DisentanglementScore(
    score, votes, columns, varying, majority, num_codes, int(votes.sum())
  )


def draw_votes(
  values: np.ndarray, num_votes: int, vote_size: int, rng: np.random.Generator
) -> np.ndarray:
  """Examples `[num_votes, vote_size]` that share a value within each vote.

  Each vote's value is drawn evenly from those that two examples or more have
  (from all, if none has), its examples evenly and with replacement.
  """
  order = np.argsort(values, kind="stable")
  _, starts, counts = np.unique(
    values[order], return_index=True, return_counts=True
  )
  if (counts > 1).any():  # in a vote on a lone example nothing varies
    starts, counts = starts[counts > 1], counts[counts > 1]
  chosen = rng.integers(len(starts), size=num_votes)
  within = rng.integers(counts[chosen, None], size=(num_votes, vote_size))
  return order[starts[chosen, None] + within]


def count_votes(ratios: np.ndarray) -> np.ndarray:
  """Votes `[columns]` for the least ratio of each row `[V, columns]`.

  The first of those that tie has it. Columns that mix the same factors tie in
  every vote, but for rounding, which isn't even-handed: unrounded, some score
  far above the 0.5 that is due.
  """
  winners = np.round(ratios, _DIGITS).argmin(axis=1)
  return np.bincount(winners, minlength=ratios.shape[1])


def _gini_ratios(categories: np.ndarray, drawn: np.ndarray) -> np.ndarray:
  """Gini variance within each vote over that of all examples, `[V]`."""
  overall = np.bincount(categories)
  cells = categories[drawn] + len(overall) * np.arange(len(drawn))[:, None]
  counts = np.bincount(cells.ravel(), minlength=len(drawn) * len(overall))
  within = _gini_variance(counts.reshape(len(drawn), len(overall)))
  return within / _gini_variance(overall)


def _gini_variance(counts: np.ndarray) -> np.ndarray:
  """(L^2 - sum n_k^2) / (2 L (L - 1)) of counts `[..., S]`."""
  total = counts.sum(axis=-1)
  return (total**2 - (counts**2).sum(axis=-1)) / (2 * total * (total - 1))
