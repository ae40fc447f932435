"""Agreement of categories learned without labels with true classes.

Shapes: N examples.
"""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from cascade_jax.errors import UndefinedMetricError
from cascade_jax.metrics.classification import checked_pair


class CategoryAgreement(NamedTuple):
  """Two scores that do not depend on how categories and classes are numbered.

  Attributes:
    nmi: normalised mutual information, 0..1.
    ari: adjusted Rand index, at most 1, and 0 by chance.
  """

  nmi: float
  ari: float


def category_agreement(
  categories: np.ndarray, classes: np.ndarray
) -> CategoryAgreement:
  """Returns the normalised mutual information and the adjusted Rand index.

  nmi is I(categories; classes) divided by the ARITHMETIC mean of their
  entropies. This is the default of scikit-learn; papers on clustering often
  divide by the geometric mean or by the larger entropy, which give higher and
  lower values. It is not corrected for chance: many categories on few examples
  score above 0 (`cautions` says so).
  ari (Hubert & Arabie 1985) counts pairs of examples and is corrected for
  chance: it averages 0 for independent labels and can fall slightly below.
  Unlike `classification_accuracy`, neither score needs as many categories as
  classes, but both decrease if a class is split into two categories.

  Args:
    categories: `[N]` integers counted from 0.
    classes: `[N]` integers counted from 0.

  Raises:
    UserError: an argument is malformed; the message names it.
    UndefinedMetricError: all examples have one class, or labels of 2,000 and
      more.
  """
  categories, classes = checked_pair(categories, classes)
  if (classes == classes[0]).all():
    raise UndefinedMetricError(
      f"classes are all {classes[0]}; there is nothing to tell apart"
    )
  return CategoryAgreement(
    float(normalized_mutual_info_score(classes, categories)),
    float(adjusted_rand_score(classes, categories)),
  )
