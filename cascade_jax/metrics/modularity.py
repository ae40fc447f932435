"""Modularity and explicitness (Ridgeway & Mozer 2018).

Shapes: N examples, m continuous dimensions, D discrete variables, F factors,
P inputs of a classifier.
"""

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from cascade_jax.metrics.checks import check_integer, checked_factors
from cascade_jax.metrics.columns import (
  checked_columns,
  classifier_inputs,
  learnable_factors,
  varying_factors,
)
from cascade_jax.metrics.held_out import held_out
from cascade_jax.metrics.mutual_information import mutual_information


class Modularity(NamedTuple):
  """The mean score, the score of each column, and their mutual information.

  Attributes:
    score: mean of `column_scores`.
    column_scores: `[columns]`.
    information: `[columns, factors]` nats.
    factors: indices of the factors that vary.
  """

  score: float
  column_scores: np.ndarray
  information: np.ndarray
  factors: np.ndarray


class Explicitness(NamedTuple):
  """The mean score, the score of each factor, and the training scores.

  Attributes:
    score: mean of `factor_scores`.
    factor_scores: `[factors]` ROC-AUC on held-out examples.
    train_scores: `[factors]` ROC-AUC on the examples that were fitted to.
    factors: indices of the factors that vary.
  """

  score: float
  factor_scores: np.ndarray
  train_scores: np.ndarray
  factors: np.ndarray


def modularity(
  means: np.ndarray | None,
  factors: np.ndarray,
  *,
  categories: np.ndarray | None = None,
  num_bins: int = 20,
) -> Modularity:
  """Returns the degree to which each column depends on a single factor.

  Ridgeway & Mozer 2018, section 3, as implemented in disentanglement_lib: the
  score of a column is 1 - (sum of I^2 over the other factors) /
  (I_max^2 (F - 1)), where I is the mutual information with a factor
  (`mutual_information`) and I_max the largest one; the result is the mean over
  the columns. A column without any information scores 0.

  Columns are not weighted by their information, and an estimate is hardly ever
  exactly 0: uninformative columns, such as the unused dimensions of a VAE, have
  a score that is due to chance. Six dimensions of a JointVAE, 2,000 examples,
  score 0.820, and 0.972 without the three unused ones; 0.866 and 0.746 with 10
  and 40 bins. The result equals that of disentanglement_lib; Ridgeway & Mozer's
  code uses 20 bins too.

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices; a factor with one value is left out.
    categories: `[N]` integers from 0, or `[N, D]`; each variable is one more
      column.
    num_bins: number of bins between a column's smallest and largest mean.

  Returns:
    The score, from 0 to 1; 0 without columns.

  Raises:
    UserError: an argument is malformed; the message names it.
    UndefinedMetricError: fewer than two factors vary (with one, every column
      with any information would score 1), or a discrete variable has so many
      categories that chance alone tells a quarter of a factor.
  """
  mutual = mutual_information(
    means, factors, categories=categories, num_bins=num_bins
  )
  num_factors = len(varying_factors(checked_factors(factors), at_least=2))
  squares = mutual.information**2
  largest = squares.max(axis=1)
  others = (squares.sum(axis=1) - largest) / (num_factors - 1)
  is_informative = largest > 0
  ratios = others / np.where(is_informative, largest, 1)
  scores = np.where(is_informative, 1 - ratios, 0.0)
  score = float(scores.mean()) if len(scores) else 0.0
  return Modularity(score, scores, mutual.information, mutual.factors)


def explicitness(
  means: np.ndarray | None,
  factors: np.ndarray,
  *,
  categories: np.ndarray | None = None,
  seed: int = 0,
) -> Explicitness:
  """Returns how well a linear classifier separates the values of each factor.

  Ridgeway & Mozer 2018, section 3: a logistic regression predicts a factor from
  the whole code; its score is the area under the ROC curve of each value
  against the others, averaged over the values and then over the factors. Chance
  is 0.5 (slightly less on a full grid, because values that the held-out
  examples have too often are too rare in the rest).

  As in disentanglement_lib with a recent scikit-learn, this is softmax
  regression with an L2 penalty of 1 on standardised columns, fitted to two
  thirds of the examples of each value and scored on the last third. Ridgeway &
  Mozer fit one nearly unpenalised regression for each value against the others,
  and score the training examples (disentanglement_lib did the former with the
  scikit-learn of its time). Such a regression misses a value in the middle of a
  column, where no linear function is largest, while softmax regression also
  weighs the neighbouring values. Six dimensions of a JointVAE, 2,000 examples,
  score 0.838 here, 0.797 with one regression for each value, 0.812 with the
  whole protocol of Ridgeway & Mozer, 0.778 with samples of z instead of means,
  and 0.831 to 0.838 with other seeds. disentanglement_lib standardises by the
  training examples, which changes the 4th digit.

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices; a factor with one value is left out.
    categories: `[N]` integers from 0, or `[N, D]`; one-hot for the classifier.
    seed: of the choice of held-out examples.

  Returns:
    The score; 0.5 without columns.

  Raises:
    UserError: an argument is malformed; the message names it.
    UndefinedMetricError: no factor varies, a value has a single example, or a
      factor or discrete variable has more than 500 values.
  """
  code, factors = checked_columns(means, factors, categories)
  varying = learnable_factors(factors)
  check_integer("seed", seed, 0)
  inputs, _ = classifier_inputs(code)
  # A constant input keeps the classifier defined for a code without columns.
  inputs = np.pad(inputs, ((0, 0), (0, 1)))
  areas = [_roc_areas(inputs, factors[:, k], seed) for k in varying]
  tests, trains = np.array(areas).T
  return Explicitness(float(tests.mean()), tests, trains, varying)


def _roc_areas(
  inputs: np.ndarray, values: np.ndarray, seed: int
) -> tuple[float, float]:
  """Returns the mean ROC-AUC over values, on test and on training examples.

  Args:
    inputs: `[N, P]`.
    values: `[N]` of one factor.
    seed: of the choice of held-out examples.
  """
  labels = np.unique(values, return_inverse=True)[1]
  test = held_out(values, seed)
  classifier = LogisticRegression(max_iter=1_000)
  # The matrices are small: threads would cost more than they save, and on a
  # busy machine ten times as much.
  with threadpool_limits(1, "blas"):
    classifier.fit(inputs[~test], labels[~test])
  one_hot = np.eye(labels.max() + 1)[labels]
  probabilities = classifier.predict_proba(inputs)
  return (
    roc_auc_score(one_hot[test], probabilities[test]),
    roc_auc_score(one_hot[~test], probabilities[~test]),
  )
