"""How well categories found without labels agree with true classes.

Letters: N examples, S categories, K classes.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from cascade_jax.errors import UserError
from cascade_jax.metrics import codes as codes_lib

_MOST_LABELS = 10_000  # the confusion matrix has the square of it


class ClassificationAccuracy(NamedTuple):
  """The accuracy, and the relabelling that gives it.

  Attributes:
    accuracy: share of the examples, under the relabelling.
    confusion: `[S, K]` int64, examples of a category and a class.
    relabelling: `[S]` the class of each category, -1 for none.
  """

  accuracy: float
  confusion: np.ndarray
  relabelling: np.ndarray


def classification_accuracy(
  categories: np.ndarray, classes: np.ndarray
) -> ClassificationAccuracy:
  """Accuracy under the best one-to-one relabelling of categories to classes.

  "Unsupervised classification accuracy" of Jeong & Song 2019, section 5 (whose
  released code doesn't hold it): the assignment is found on the very examples
  that are scored. Where there are more categories than classes, those left
  over count as wrong. With K equal classes, chance is a little above 1/K.

  Args:
    categories: `[N]` integers counted from 0.
    classes: `[N]` integers counted from 0.

  Raises:
    UserError: names the argument that is not such an array, or labels of
      10,000 and more.
  """
  categories, classes = check_labels(categories, classes)
  confusion = np.zeros((categories.max() + 1, classes.max() + 1), np.int64)
  np.add.at(confusion, (categories, classes), 1)
  matched, labels = linear_sum_assignment(confusion, maximize=True)
  relabelling = np.full(len(confusion), -1)
  relabelling[matched] = labels
  accuracy = confusion[matched, labels].sum() / len(categories)
  return ClassificationAccuracy(float(accuracy), confusion, relabelling)


def check_labels(
  categories: np.ndarray, classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Both as `[N]` int64.

  Raises:
    UserError: names the argument that isn't integers counted from 0, `[N]`.
  """
  categories = _checked("categories", categories)
  classes = _checked("classes", classes)
  if len(categories) != len(classes):
    raise UserError(
      f"{len(categories)} categories for {len(classes)} classes; "
      "both must have one entry an example"
    )
  return categories, classes


def _checked(name: str, labels: np.ndarray) -> np.ndarray:
  labels = np.asarray(labels)
  if labels.ndim != 1 or not labels.size:
    raise UserError(f"{name} must have shape [N], N > 0; got {labels.shape}")
  labels = codes_lib.whole(name, labels)
  if labels.min() < 0:
    raise UserError(f"{name} must be integers counted from 0")
  if labels.max() >= _MOST_LABELS:
    raise UserError(
      f"{name} go up to {labels.max()}; number them 0, 1, 2, ..., below "
      f"{_MOST_LABELS}"
    )
  return labels.astype(np.int64)  # else 255 + 1 is 0 in uint8
