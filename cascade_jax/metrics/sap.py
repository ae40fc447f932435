"""Separated attribute predictability: is one column enough, and only one?

Letters: N examples, m continuous dimensions, D discrete variables, F factors.
"""

from typing import NamedTuple

import numpy as np
from sklearn.svm import LinearSVC

from cascade_jax.metrics import codes as codes_lib
from cascade_jax.metrics.held_out import held_out


class Sap(NamedTuple):
  """The mean gap, each factor's, and the accuracies that they are of.

  Attributes:
    score: mean of `gaps`.
    gaps: `[factors]` between the best two columns.
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
  """How much better the best column predicts a factor than the second best.

  Kumar et al. 2018, section 3, factors taken as discrete, in the setting of
  disentanglement_lib: for each column and factor a linear support vector
  machine (squared hinge, C = 0.01, balanced classes, each value against the
  rest), fitted to two thirds of the examples of each value; its accuracy on
  the last third; and the mean over factors of the gap between the best two
  columns. A discrete column is its one-hot.

  A line cuts a column in two: values between others are missed, and even a
  perfect column scores low where a factor has many. One column for each of
  factors with 3, 4, 5 and 6 values, 2,160 examples: accuracies of 1, 1, 0.40
  and 0.33, a score of 0.45; 0.38 to 0.68 with 360 to 36,000 examples.

  Ours: columns are standardised, else the penalty, which is on the intercept
  too, makes the score depend on units: disentanglement_lib, equal to this on
  standardised columns, gives those perfect columns 0.28 when they are shifted
  by 3. On six dimensions of a JointVAE, 2,000 examples: 0.018 ours, 0.026 on
  columns as they are, where the three unused ones have little spread. Gaps are
  small differences; other seeds give 0.027 and 0.032.

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices; one with one value is left out.
    categories: `[N]` integers from 0, or `[N, D]`; one more column each.
    seed: of the examples held out.

  Returns:
    The score, from 0 to 1. A column that is not there counts as a constant
    one: without any the score is 0.

  Raises:
    UserError: names the argument that is off; a value has one example.
  """
  codes, factors = codes_lib.check(means, factors, categories)
  varying = codes_lib.varying(factors)
  codes_lib.check_integer("seed", seed, 0)
  inputs, columns = codes_lib.features(codes)
  fed = [inputs[:, columns == column] for column in range(codes.num_columns)]
  fed += [np.zeros((len(factors), 1))] * max(0, 2 - len(fed))
  masks = [held_out(factors[:, k], seed) for k in varying]
  accuracies = np.array(
    [
      [_accuracy(x, factors[:, k], test) for k, test in zip(varying, masks)]
      for x in fed
    ]
  )
  second, best = np.sort(accuracies, axis=0)[-2:]
  gaps = best - second
  return Sap(float(gaps.mean()), gaps, accuracies[: codes.num_columns], varying)


def _accuracy(inputs, values, test) -> float:
  # The primal is solved without chance, and fast with so few inputs.
  classifier = LinearSVC(C=0.01, class_weight="balanced", dual=False)
  classifier.fit(inputs[~test], values[~test])
  return classifier.score(inputs[test], values[test])
