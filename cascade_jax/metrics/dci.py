"""Disentanglement, completeness and informativeness of codes.

Letters: N examples, m continuous dimensions, D discrete variables, F factors.
"""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.special import entr
from sklearn.ensemble import RandomForestClassifier

from cascade_jax.metrics import codes as codes_lib


class Dci(NamedTuple):
  """The three scores and what they are means of.

  Attributes:
    disentanglement: mean over columns, weighted by their importance.
    completeness: mean over factors, weighted likewise.
    informativeness: mean of `accuracies`.
    importances: `[m + D, factors]`, a factor's sum to 1, or are all 0.
    column_disentanglement: `[m + D]`.
    factor_completeness: `[factors]`.
    accuracies: `[factors]` on held-out examples.
    factors: indices of the factors that vary.
  """

  disentanglement: float
  completeness: float
  informativeness: float
  importances: np.ndarray
  column_disentanglement: np.ndarray
  factor_completeness: np.ndarray
  accuracies: np.ndarray
  factors: np.ndarray


def dci(
  means: np.ndarray | None,
  factors: np.ndarray,
  *,
  categories: np.ndarray | None = None,
  num_trees: int = 20,
  max_depth: int = 8,
  seed: int = 0,
) -> Dci:
  """How far each column knows one factor, each factor is in one column.

  Eastwood & Williams 2018. A random forest learns each factor from the columns
  of 80% of the examples; R_ij is column i's share in the fall of its Gini
  impurity, summed over the categories of a discrete column. Disentanglement of
  column i is 1 - H_F(R_i. / sum_j R_ij), the entropy to the base of the number
  of factors, and the score is its mean weighted by the column's share in R.
  Completeness of factor j is 1 - H(R_.j / sum_i R_ij) to the base of the number
  of columns, weighted likewise. Informativeness is the mean accuracy on the 20%
  held out (an accuracy, as in disentanglement_lib; an error in the paper).

  The learner is a part of the metric: only numbers of the same one, and of as
  many examples, can be compared. On 2,000 codes of a JointVAE (D / C / I), seed
  0, which others move by up to .03:

    20 trees of depth 8, all columns tried at a split (ours)   .19 / .25 / .66
    50 of them                                                 .19 / .25 / .66
    gradient boosted trees (disentanglement_lib)               .24 / .28 / .66
    depth 4                                                    .51 / .57 / .49
    full depth                                                 .11 / .15 / .74
    the square root of the columns tried (usual for forests)   .14 / .15 / .57
    ours, with the category as one more column                 .23 / .26 / .71
    ours, on sampled codes instead of means                    .18 / .32 / .54

  Deep trees learn noise, from the columns that hold nothing; trees that try few
  columns at a split use one that doesn't know, and perfect codes have D = 0.85.

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices.
    categories: `[N]` integers from 0, or `[N, D]` of D discrete variables.
    num_trees: of each forest.
    max_depth: of each tree.
    seed: of the split and the forests.

  Returns:
    The scores, each in 0..1. Without columns all are 0, and so are the rows of
    columns that no tree uses. A lone factor (column) can't be told from
    another: used columns (known factors) then score 1.

  Raises:
    UserError: names the argument that is off.
  """
  codes, factors = codes_lib.check(means, factors, categories)
  varying = codes_lib.varying(factors)
  codes_lib.check_integer("num_trees", num_trees, 1)
  codes_lib.check_integer("max_depth", max_depth, 1)
  codes_lib.check_integer("seed", seed, 0)
  importances = np.zeros((codes.num_columns, len(varying)))
  accuracies = np.zeros(len(varying))
  if codes.num_columns:
    features, columns = codes_lib.features(codes)
    order = np.random.default_rng(seed).permutation(len(factors))
    test, train = np.split(order, [-(-len(order) // 5)])
    for index, factor in enumerate(varying):
      forest = RandomForestClassifier(
        num_trees, max_depth=max_depth, max_features=None, random_state=seed
      )
      with warnings.catch_warnings():  # a warning a tree, where values are many
        warnings.filterwarnings("ignore", "The number of unique classes")
        forest.fit(features[train], factors[train, factor])
      np.add.at(importances[:, index], columns, forest.feature_importances_)
      accuracies[index] = forest.score(features[test], factors[test, factor])
  disentanglement = concentration(importances)
  completeness = concentration(importances.T)
  return Dci(
    _weighted_mean(disentanglement, importances.sum(axis=1)),
    _weighted_mean(completeness, importances.sum(axis=0)),
    float(accuracies.mean()),
    importances,
    disentanglement,
    completeness,
    accuracies,
    varying,
  )


def concentration(importances: np.ndarray) -> np.ndarray:
  """1 - the entropy of each row, to the base of its length; 0 for rows of 0."""
  totals = importances.sum(axis=1)
  shares = importances / np.where(totals > 0, totals, 1)[:, None]
  base = max(importances.shape[1], 2)  # a lone entry's entropy is 0 anyway
  return np.where(totals > 0, 1 - entr(shares).sum(axis=1) / np.log(base), 0)


def _weighted_mean(scores: np.ndarray, weights: np.ndarray) -> float:
  return float(scores @ weights / (weights.sum() or 1))
