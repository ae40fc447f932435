"""Which model is disentangled, by how its codes resemble those of others.

Letters: N examples, M models, m_i continuous dimensions of model i.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.linear_model import Lasso

from cascade_jax.errors import UserError
from cascade_jax.metrics import codes as codes_lib


class UnsupervisedRanking(NamedTuple):
  """The models' scores and the matrix they are medians of.

  Attributes:
    scores: `[M]`.
    pairwise: `[M, M]` of codes i with codes j, NaN for i = j.
    num_informative: `[M]` dimensions above the KL threshold.
  """

  scores: np.ndarray
  pairwise: np.ndarray
  num_informative: np.ndarray


def unsupervised_disentanglement_ranking(
  means: Sequence[np.ndarray],
  kl: Sequence[np.ndarray],
  *,
  similarity: str = "spearman",
  kl_threshold: float = 0.01,
) -> UnsupervisedRanking:
  """How nearly each model's columns are those of others; needs no labels.

  Duan et al. 2020, as in disentanglement_lib (udr/metrics/udr.py).
  Disentangled models agree but for order and sign, entangled ones needn't. Of
  two models, R `[m_i, m_j]` says how alike their columns are; only dimensions
  with a KL above the threshold count. A column's relative strength is
  max(R)^2 / sum(R) over the other's columns; a pair's score is the mean of it
  over the columns of the one, and of the other, averaged; a model's score is
  the median over the other models. Give it seeds of one setting.

  Of two models both have the score of their only pair: it takes three to rank.
  Copies of a model don't have 1, but what its columns leave each other: 0.93 of
  four columns of noise (1,440 examples, which correlate by chance), 0.60 of a
  JointVAE's six.

  The paper takes one mean over the columns of both, so that the model with more
  informative ones weighs more: of JointVAEs with 3 and 4 it has 0.502, ours
  0.510, and the lasso 0.50 and 0.47; with as many, the two are equal.

  Args:
    means: `[N, m_i]` posterior means of each model, of the same examples.
    kl: `[m_i]` of each model, the mean KL of each dimension in nats; None of
      a model of which all dimensions are to count.
    similarity: "spearman", |rank correlation|, or "lasso", |coefficients| of a
      regression of model j's standardised columns on those of model i, with a
      penalty of 0.1. That isn't symmetric; a model's own columns are those
      predicted.
    kl_threshold: nats.

  Returns:
    The scores. Spearman's are in 0..1; lasso's shrink with the penalty, a copy
    with independent columns has 0.9. A pair in which one model has no
    informative dimension has 0. Categories have no part in it.

  Raises:
    UserError: names the argument that is off.
  """
  if similarity not in _SIMILARITIES:
    raise UserError(
      f"similarity must be one of {sorted(_SIMILARITIES)}, got {similarity!r}"
    )
  codes_lib.check_not_negative("kl_threshold", kl_threshold)
  informative = _informative(means, kl, kl_threshold)
  prepare, resemble = _SIMILARITIES[similarity]
  prepared = [prepare(columns) for columns in informative]
  pairwise = np.full((len(means), len(means)), np.nan)
  for i, j in zip(*np.nonzero(~np.eye(len(means), dtype=bool))):
    pairwise[i, j] = relative_strength(resemble(prepared[i], prepared[j]))
  return UnsupervisedRanking(
    np.nanmedian(pairwise, axis=0),
    pairwise,
    np.array([columns.shape[1] for columns in informative]),
  )


def relative_strength(similarities: np.ndarray) -> float:
  """Mean of max^2 / sum over rows, and over columns, averaged.

  Args:
    similarities: `[m_i, m_j]`, none negative. One that is 0 to all has 0.
  """
  if not similarities.size:
    return 0.0
  strengths = []
  for axis in (0, 1):
    totals = similarities.sum(axis=axis)
    best = similarities.max(axis=axis)
    strengths.append(np.mean(best**2 / np.where(totals > 0, totals, 1)))
  return float(np.mean(strengths))


def _informative(means, kl, kl_threshold) -> list[np.ndarray]:
  """Each model's columns whose KL is above the threshold."""
  if len(means) < 2 or len(means) != len(kl):
    raise UserError(
      f"means and kl must be of the same two or more models, got {len(means)} "
      f"and {len(kl)}"
    )
  found = []
  for model, (columns, nats) in enumerate(zip(means, kl)):
    try:
      columns = codes_lib.check_means(columns, len(means[0]))
      nats = codes_lib.check_kl(nats, columns.shape[1])
    except ValueError as error:
      raise UserError(f"of model {model} (from 0): {error}") from error
    found.append(columns[:, nats > kl_threshold])
  return found


def _standardise(columns: np.ndarray) -> np.ndarray:
  none = np.empty((len(columns), 0), np.int64)
  return codes_lib.features(codes_lib.Codes(columns, none))[0]


def _standard_ranks(columns: np.ndarray) -> np.ndarray:
  return _standardise(rankdata(columns, axis=0))


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
  return np.abs(first.T @ second) / len(first)


def _lasso_coefficients(first: np.ndarray, second: np.ndarray) -> np.ndarray:
  """|coefficients| `[m_i, m_j]` that predict the second from the first."""
  if not first.size or not second.size:
    return np.zeros((first.shape[1], second.shape[1]))
  coefficients = Lasso(alpha=0.1).fit(first, second).coef_
  return np.abs(coefficients).reshape(second.shape[1], -1).T


_SIMILARITIES = {
  "spearman": (_standard_ranks, _correlations),
  "lasso": (_standardise, _lasso_coefficients),
}
