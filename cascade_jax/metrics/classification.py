"""Accuracy of categories learned without labels, against true classes.

Shapes: N examples, S categories, K classes.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from cascade_jax.errors import UndefinedMetricError, UserError
from cascade_jax.metrics.checks import checked_labels
from cascade_jax.metrics.mutual_information import contingency

_MOST_LABELS = 2_000  # the time grows with their cube: 5 s for 3,000


class ClassificationAccuracy(NamedTuple):
  """The accuracy and the relabelling that gives it.

  Attributes:
    accuracy: share of the examples that are right under the relabelling.
    confusion: `[S, K]` int64, number of examples of a category and a class.
    relabelling: `[S]` the class of each category, -1 for none.
  """

  accuracy: float
  confusion: np.ndarray
  relabelling: np.ndarray


def classification_accuracy(
  categories: np.ndarray, classes: np.ndarray
) -> ClassificationAccuracy:
  """Returns the accuracy under the best one-to-one relabelling.

  This is the "unsupervised classification accuracy" of Jeong & Song 2019,
  section 5 (their released code does not compute it). The assignment is chosen
  on the same examples that are scored. If there are more categories than
  classes, examples of the unassigned categories count as errors. With K equally
  frequent classes, chance is slightly above 1/K.

  Args:
    categories: `[N]` integers counted from 0.
    classes: `[N]` integers counted from 0.

  Raises:
    UserError: an argument is malformed; the message names it.
    UndefinedMetricError: labels of 2,000 and more.
  """
  categories, classes = checked_pair(categories, classes)
  confusion = contingency(categories, classes)
  matched, labels = linear_sum_assignment(confusion, maximize=True)
  relabelling = np.full(len(confusion), -1)
  relabelling[matched] = labels
  accuracy = confusion[matched, labels].sum() / len(categories)
  return ClassificationAccuracy(float(accuracy), confusion, relabelling)


def checked_pair(
  categories: np.ndarray, classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Returns both arrays as `[N]` int64.

  Raises:
    UserError: an argument is malformed; the message names it.
    UndefinedMetricError: labels of 2,000 and more.
  """
  categories = checked_labels("categories", categories)
  classes = checked_labels("classes", classes)
  if len(categories) != len(classes):
    raise UserError(
      f"{len(categories)} categories for {len(classes)} classes; "
      "both must have one entry an example"
    )
  for name, labels in (("categories", categories), ("classes", classes)):
    if labels.max() >= _MOST_LABELS:
      raise UndefinedMetricError(
        f"{name} go up to {labels.max()}; number them 0, 1, 2, ..., below "
        f"{_MOST_LABELS}"
      )
  return categories, classes
