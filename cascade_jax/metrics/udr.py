"""Unsupervised disentanglement ranking (UDR) of several models.

Shapes: N examples, M models, m_i continuous dimensions of model i.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.linear_model import Lasso

from cascade_jax.errors import UserError
from cascade_jax.metrics.checks import (
  check_not_negative,
  checked_kl,
  checked_means,
)
from cascade_jax.metrics.columns import CodeColumns, classifier_inputs


class UnsupervisedRanking(NamedTuple):
  """The scores of the models, and the pairwise scores they are medians of.

  Attributes:
    scores: `[M]`.
    pairwise: `[M, M]` score of the codes of model i with those of model j; NaN
      for i = j.
    num_informative: `[M]` number of dimensions above the KL threshold.
  """

  scores: np.ndarray
  pairwise: np.ndarray
  num_informative: np.ndarray


def unsupervised_disentanglement_ranking(
  means: Sequence[np.ndarray],
  kl: Sequence[np.ndarray | None],
  *,
  similarity: str = "spearman",
  kl_threshold: float = 0.01,
) -> UnsupervisedRanking:
  """Returns how similar each model's columns are to those of the other models.

  Duan et al. 2020, as in disentanglement_lib (udr/metrics/udr.py). UDR needs no
  labels: it assumes that disentangled models agree except for the order and
  sign of their columns, and that entangled ones need not. The models should be
  training seeds of one configuration.

  For two models, R `[m_i, m_j]` holds the similarities of their columns; only
  dimensions with a KL above the threshold count. The relative strength of a
  column is max(R)^2 / sum(R) over the columns of the other model. The score of
  a pair is the average of two means, of the relative strengths of the columns
  of either model. The score of a model is the median over the other models.

  With two models, both have the score of the only pair; a ranking takes three.
  Copies of one model do not score 1, because each column is also similar to
  other columns: four columns of noise (1,440 examples, which correlate by
  chance) score 0.93, and the six columns of a JointVAE 0.60.

  The paper takes a single mean over the columns of both models, so that the
  model with more informative columns has more weight: for JointVAEs with 3 and
  4 of them the paper's definition gives 0.502 and ours 0.510, and with the
  lasso 0.50 and 0.47. If the numbers of columns are equal, so are the scores.

  Args:
    means: `[N, m_i]` posterior means of each model on the same examples.
    kl: `[m_i]` mean KL of each dimension in nats, for each model; None for a
      model all of whose dimensions count.
    similarity: "spearman" for the absolute rank correlation, or "lasso" for the
      absolute coefficients of a regression of model j's standardised columns on
      those of model i, with a penalty of 0.1. The latter is not symmetric; the
      columns of a model are the ones that are predicted for its own score.
    kl_threshold: in nats.

  Returns:
    The scores. Those of Spearman are in 0..1; those of the lasso shrink with
    the penalty: a copy with independent columns scores 0.9. A pair in which one
    model has no informative dimension scores 0. Categories are not used.

  Raises:
    UserError: an argument is malformed; the message names it.
  """
  if similarity not in _SIMILARITIES:
    raise UserError(
      f"similarity must be one of {sorted(_SIMILARITIES)}, got {similarity!r}"
    )
  check_not_negative("kl_threshold", kl_threshold)
  informative = _informative_columns(means, kl, kl_threshold)
  prepare, compare = _SIMILARITIES[similarity]
  prepared = [prepare(columns) for columns in informative]
  pairwise = np.full((len(means), len(means)), np.nan)
  for i, j in zip(*np.nonzero(~np.eye(len(means), dtype=bool))):
    pairwise[i, j] = relative_strength(compare(prepared[i], prepared[j]))
  return UnsupervisedRanking(
    np.nanmedian(pairwise, axis=0),
    pairwise,
    np.array([columns.shape[1] for columns in informative]),
  )


def relative_strength(similarities: np.ndarray) -> float:
  """Returns the average of the mean max^2 / sum over rows and over columns.

  Args:
    similarities: `[m_i, m_j]`, none negative; a row or column of zeros counts
      as 0.
  """
  if not similarities.size:
    return 0.0
  strengths = []
  for axis in (0, 1):
    totals = similarities.sum(axis=axis)
    best = similarities.max(axis=axis)
    strengths.append(np.mean(best**2 / np.where(totals > 0, totals, 1)))
  return float(np.mean(strengths))


def _informative_columns(
  means: Sequence[np.ndarray],
  kl: Sequence[np.ndarray | None],
  kl_threshold: float,
) -> list[np.ndarray]:
  """Returns the columns of each model whose KL is above the threshold.

  Args:
    means: `[N, m_i]` of each model.
    kl: `[m_i]` of each model, in nats, or None.
    kl_threshold: in nats.

  Raises:
    UserError: an argument is malformed; the message names the model.
  """
  if len(means) < 2 or len(means) != len(kl):
    raise UserError(
      f"means and kl must be of the same two or more models, got {len(means)} "
      f"and {len(kl)}"
    )
  informative = []
  for model, (columns, nats) in enumerate(zip(means, kl)):
    try:
      columns = checked_means(columns, len(means[0]))
      nats = checked_kl(nats, columns.shape[1])
    except UserError as error:
      raise UserError(f"of model {model} (from 0): {error}") from error
    informative.append(columns[:, nats > kl_threshold])
  return informative


def _standardise(columns: np.ndarray) -> np.ndarray:
  """Returns columns `[N, m]` of mean 0 and variance 1; constant ones are 0."""
  no_categories = np.empty((len(columns), 0), np.int64)
  return classifier_inputs(CodeColumns(columns, no_categories))[0]


def _standard_ranks(columns: np.ndarray) -> np.ndarray:
  """Returns the standardised ranks `[N, m]`."""
  return _standardise(rankdata(columns, axis=0))


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
  """Returns the absolute correlations `[m_i, m_j]` of standardised columns."""
  return np.abs(first.T @ second) / len(first)


def _lasso_coefficients(first: np.ndarray, second: np.ndarray) -> np.ndarray:
  """Returns |coefficients| `[m_i, m_j]` that predict second from first."""
  if not first.size or not second.size:
    return np.zeros((first.shape[1], second.shape[1]))
  coefficients = Lasso(alpha=0.1).fit(first, second).coef_
  return np.abs(coefficients).reshape(second.shape[1], -1).T


_SIMILARITIES = {
  "spearman": (_standard_ranks, _correlations),
  "lasso": (_standardise, _lasso_coefficients),
}
