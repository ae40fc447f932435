"""All metrics by name, with their required inputs and their protocols.

Shapes: N examples, D discrete variables.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UndefinedMetricError
from cascade_jax.metrics.beta_vae import beta_vae_score
from cascade_jax.metrics.classification import (
  ClassificationAccuracy,
  classification_accuracy,
)
from cascade_jax.metrics.clustering import CategoryAgreement, category_agreement
from cascade_jax.metrics.dci import dci
from cascade_jax.metrics.disentanglement import disentanglement_score
from cascade_jax.metrics.disentanglement_dlib import disentanglement_score_dlib
from cascade_jax.metrics.inputs import MetricInputs
from cascade_jax.metrics.irs import interventional_robustness
from cascade_jax.metrics.mig import (
  mutual_information_gap,
  robust_mutual_information_gap,
)
from cascade_jax.metrics.modularity import explicitness, modularity
from cascade_jax.metrics.sap import sap


class Metric(NamedTuple):
  """One entry of the catalogue.

  Attributes:
    function: computes the metric from arrays.
    takes: the arguments of the function: fields of `MetricInputs`, or "seed".
    needs: the fields that must not be None; "means or categories" stands for at
      least one of the two.
    scores: maps the name of each score to a field of the function's result.
    protocol: one sentence that tells a reader how the number is computed.
    undefined: why one of several scores can be NaN while others are numbers.
    ranges: the least and the largest value of scores that are not in 0..1.
  """

  function: Callable
  takes: tuple[str, ...]
  needs: tuple[str, ...]
  scores: dict[str, str]
  protocol: str
  undefined: str = ""
  ranges: Mapping[str, tuple[float, float]] = MappingProxyType({})

  def compute(self, inputs: MetricInputs, seed: int) -> dict[str, float]:
    """Returns the scores of the metric by name, NaN for what is undefined."""
    values = inputs._asdict() | {"seed": seed}
    result = self.function(**{name: values[name] for name in self.takes})
    return {name: getattr(result, field) for name, field in self.scores.items()}


def _best_accuracy(
  categories: np.ndarray, classes: np.ndarray
) -> ClassificationAccuracy:
  return _best_variable(categories, classes)[0]


def _best_agreement(
  categories: np.ndarray, classes: np.ndarray
) -> CategoryAgreement:
  return category_agreement(_best_variable(categories, classes)[1], classes)


def _best_variable(
  categories: np.ndarray, classes: np.ndarray
) -> tuple[ClassificationAccuracy, np.ndarray]:
  """Returns accuracy and labels `[N]` of the most accurate discrete variable.

  Args:
    categories: `[N]` or `[N, D]`.
    classes: `[N]`.

  Raises:
    UndefinedMetricError: D is 0.
  """
  categories = np.asarray(categories)
  if not categories.size:
    raise UndefinedMetricError("categories have no discrete variable")
  candidates = [
    (classification_accuracy(labels, classes), labels)
    for labels in categories.reshape(len(categories), -1).T
  ]
  return max(candidates, key=lambda pair: pair[0].accuracy)


_CODES = ("means", "factors", "categories")
_SEEDED = (*_CODES, "seed")
_NEEDS_CODES = ("factors", "means or categories")
_NEEDS_MEANS = ("factors", "means")
_CATEGORIES = ("categories", "classes")

METRICS = {
  "disentanglement_score": Metric(
    disentanglement_score,
    (*_SEEDED, "kl"),
    _NEEDS_CODES,
    {"disentanglement_score": "score"},
    "FactorVAE metric (Kim & Mnih 2018) as in Jeong & Song 2019: 800 votes of "
    "100 images, dimensions with mean KL <= 0.1 nats dropped (if there is a "
    "KL), the discrete code as one more column, majority classifier scored on "
    "the votes it was made from.",
  ),
  "disentanglement_score_dlib": Metric(
    disentanglement_score_dlib,
    ("means", "factors", "seed"),
    _NEEDS_MEANS,
    {"disentanglement_score_dlib": "score"},
    "FactorVAE metric in the protocol of disentanglement_lib: continuous "
    "dimensions only, those with standard deviation < 0.05 dropped, 10,000 "
    "training and 5,000 held-out votes of 64 images.",
  ),
  "beta_vae_score": Metric(
    beta_vae_score,
    _SEEDED,
    _NEEDS_CODES,
    {"beta_vae_score": "score"},
    "Higgins et al. 2017: softmax regression on standardised points of 64 "
    "pairs, 10,000 to learn from and 5,000 held out; the distance of two "
    "categories is 0 or 1.",
  ),
  "mig": Metric(
    mutual_information_gap,
    _CODES,
    _NEEDS_CODES,
    {"mig": "score"},
    "Chen et al. 2018, from means in 20 bins, divided by the factor's entropy; "
    "a discrete variable is one more column.",
  ),
  "robust_mig": Metric(
    robust_mutual_information_gap,
    (*_CODES, "scales"),
    _NEEDS_CODES,
    {"robust_mig": "score"},
    "Do & Tran 2020, from posteriors (points if there are no scales) in 100 "
    "bins from -4 to 4, divided by the factor's entropy.",
  ),
  "dci": Metric(
    dci,
    _SEEDED,
    _NEEDS_CODES,
    {
      "dci_disentanglement": "disentanglement",
      "dci_completeness": "completeness",
      "dci_informativeness": "informativeness",
    },
    "Eastwood & Williams 2018 with random forests of 20 trees of depth 8; "
    "informativeness is the accuracy on a held-out fifth.",
    "disentanglement needs two factors that vary, and completeness two columns "
    "of a code; with one, noise would score 100 %",
  ),
  "sap": Metric(
    sap,
    _SEEDED,
    _NEEDS_CODES,
    {"sap": "score"},
    "Kumar et al. 2018, linear support vector machines on standardised "
    "columns, C = 0.01, accuracy on a held-out third.",
  ),
  "modularity": Metric(
    modularity,
    _CODES,
    _NEEDS_CODES,
    {"modularity": "score"},
    "Ridgeway & Mozer 2018, mutual information of means in 20 bins, all "
    "columns weighted equally.",
  ),
  "explicitness": Metric(
    explicitness,
    _SEEDED,
    _NEEDS_CODES,
    {"explicitness": "score"},
    "Ridgeway & Mozer 2018: ROC-AUC of softmax regression on standardised "
    "columns, on a held-out third.",
  ),
  "irs": Metric(
    interventional_robustness,
    ("means", "factors"),
    _NEEDS_MEANS,
    {"irs": "score"},
    "Suter et al. 2019, 0.99 quantile of the distances; continuous dimensions "
    "only.",
    ranges={"irs": (-1.0, 1.0)},
  ),
  "classification_accuracy": Metric(
    _best_accuracy,
    _CATEGORIES,
    _CATEGORIES,
    {"classification_accuracy": "accuracy"},
    "Best one-to-one relabelling of the categories, chosen on the images that "
    "are scored. With several discrete variables, the most accurate one is "
    "scored.",
  ),
  "category_agreement": Metric(
    _best_agreement,
    _CATEGORIES,
    _CATEGORIES,
    {"nmi": "nmi", "ari": "ari"},
    "Mutual information divided by the arithmetic mean of the entropies; "
    "adjusted Rand index. With several discrete variables, the most accurate "
    "one is scored.",
    ranges={"ari": (-0.5, 1.0)},
  ),
}
