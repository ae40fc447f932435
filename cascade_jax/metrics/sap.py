"""Separated attribute predictability (SAP, Kumar et al. 2018).

Shapes: N examples, m continuous dimensions, D discrete variables, F factors,
P inputs of a classifier.
"""

from typing import NamedTuple

import numpy as np
from sklearn.svm import LinearSVC

from cascade_jax.metrics.checks import check_integer
from cascade_jax.metrics.columns import (
  checked_columns,
  classifier_inputs,
  learnable_factors,
)
from cascade_jax.metrics.held_out import held_out


class Sap(NamedTuple):
  """The mean gap, the gap of each factor, and the accuracies behind them.

  Attributes:
    score: mean of `gaps`.
    gaps: `[factors]` difference between the best two columns.
    accuracies: `[columns, factors]` on held-out examples.
    factors: indices of the factors that vary.
  """

  score: float
  gaps: np.ndarray
  accuracies: np.ndarray
  factors: np.ndarray


def sap(
  means: np.ndarray | None,
  factors: np.ndarray,
  *,
  categories: np.ndarray | None = None,
  seed: int = 0,
) -> Sap:
  """Returns how much better the best column predicts a factor than the second.

  Kumar et al. 2018, section 3, with factors as discrete classes, in the setting
  of disentanglement_lib. For each column and factor a linear support vector
  machine (squared hinge, C = 0.01, balanced classes, each value against the
  others) is fitted to two thirds of the examples of each value, and its
  accuracy is measured on the last third. The score is the mean over the factors
  of the gap between the best two columns. A discrete column enters as its
  one-hot encoding.

  A linear classifier of one column cannot separate a value that lies between
  others, so even a perfect column scores low for a factor with many values. One
  column for each of four factors with 3, 4, 5 and 6 values, 2,160 examples, has
  accuracies of 1, 1, 0.40 and 0.33, and a score of 0.45; 0.38 to 0.68 with 360
  to 36,000 examples.

  Our version standardises the columns. Otherwise the score depends on their
  units, because the intercept is penalised too: disentanglement_lib, which
  equals ours on standardised columns, gives those perfect columns 0.28 if they
  are shifted by 3. Six dimensions of a JointVAE, 2,000 examples, score 0.018
  here, and 0.026 on columns that are not standardised, where the three unused
  ones have a small variance. The gaps are small differences: other seeds give
  0.027 and 0.032.

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices; a factor with one value is left out.
    categories: `[N]` integers from 0, or `[N, D]`; each variable is one more
      column.
    seed: of the choice of held-out examples.

  Returns:
    The score, from 0 to 1. A missing column counts as a constant one, so the
    score is 0 without columns.

  Raises:
    UserError: an argument is malformed; the message names it.
    UndefinedMetricError: no factor varies, a value has a single example, or a
      factor or discrete variable has more than 500 values.
  """
  code, factors = checked_columns(means, factors, categories)
  varying = learnable_factors(factors)
  check_integer("seed", seed, 0)
  inputs, columns = classifier_inputs(code)
  column_inputs = [inputs[:, columns == k] for k in range(code.num_columns)]
  num_missing = max(0, 2 - len(column_inputs))
  column_inputs += [np.zeros((len(factors), 1))] * num_missing
  masks = [held_out(factors[:, k], seed) for k in varying]
  accuracies = np.array(
    [
      [_accuracy(x, factors[:, k], test) for k, test in zip(varying, masks)]
      for x in column_inputs
    ]
  )
  second, best = np.sort(accuracies, axis=0)[-2:]
  gaps = best - second
  return Sap(float(gaps.mean()), gaps, accuracies[: code.num_columns], varying)


def _accuracy(
  inputs: np.ndarray, values: np.ndarray, test: np.ndarray
) -> float:
  """Returns the accuracy of a linear SVM on the examples held out.

  Args:
    inputs: `[N, P]` of one column.
    values: `[N]` of one factor.
    test: `[N]` mask of the examples held out.
  """
  # The primal problem is solved deterministically, and fast for few inputs.
  classifier = LinearSVC(C=0.01, class_weight="balanced", dual=False)
  classifier.fit(inputs[~test], values[~test])
  return classifier.score(inputs[test], values[test])
