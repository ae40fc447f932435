"""How much categories found without labels tell of true classes.

Letters: N examples.
"""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from cascade_jax.errors import UserError
from cascade_jax.metrics.classification import check_labels


class CategoryAgreement(NamedTuple):
  """Two scores that no renaming of the categories or classes changes.

  Attributes:
    nmi: normalised mutual information, 0..1.
    ari: adjusted Rand index, 1 at most, 0 by chance.
  """

  nmi: float
  ari: float


def category_agreement(
  categories: np.ndarray, classes: np.ndarray
) -> CategoryAgreement:
  """Normalised mutual information, and the adjusted Rand index.

  nmi is I(categories; classes) divided by the ARITHMETIC mean of their
  entropies (scikit-learn's default; papers of clustering often take the
  geometric mean or the larger one, which give more and less). It isn't
  corrected for chance: many categories on few examples score above 0.
  ari (Hubert & Arabie 1985) counts pairs of examples and is: 0 on average for
  independent labels, a little below at times. Unlike `classification_accuracy`
  neither asks for as many categories as classes, but both take off for a class
  split in two.

  Args:
    categories: `[N]` integers counted from 0.
    classes: `[N]` integers counted from 0, of two classes at least.

  Raises:
    UserError: names the argument that is not such an array.
  """
  categories, classes = check_labels(categories, classes)
  if (classes == classes[0]).all():
    raise UserError(
      f"classes are all {classes[0]}; there is nothing to tell apart"
    )
  return CategoryAgreement(
    float(normalized_mutual_info_score(classes, categories)),
    float(adjusted_rand_score(classes, categories)),
  )
