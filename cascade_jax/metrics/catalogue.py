"""All metrics by name, and what each one needs."""

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cascade_jax.metrics.beta_vae import beta_vae_score
from cascade_jax.metrics.classification import classification_accuracy
from cascade_jax.metrics.clustering import category_agreement
from cascade_jax.metrics.dci import dci
from cascade_jax.metrics.disentanglement import disentanglement_score
from cascade_jax.metrics.disentanglement_dlib import disentanglement_score_dlib
from cascade_jax.metrics.irs import interventional_robustness
from cascade_jax.metrics.mig import (
  mutual_information_gap,
  robust_mutual_information_gap,
)
from cascade_jax.metrics.modularity import explicitness, modularity
from cascade_jax.metrics.sap import sap


class Scored(NamedTuple):
  """What there is to score, of N examples; None where there is none."""

  factors: np.ndarray | None = None  # [N, F] integers
  means: np.ndarray | None = None  # [N, m]
  categories: np.ndarray | None = None  # [N] or [N, D] integers
  scales: np.ndarray | None = None  # [N, m] of the posterior
  kl: np.ndarray | None = None  # [m] nats
  classes: np.ndarray | None = None  # [N] integers

  @property
  def num_examples(self) -> int:
    """N."""
    of_each = [x for x in self._replace(kl=None) if x is not None]
    return len(of_each[0]) if of_each else 0

  def take(self, rows: np.ndarray) -> "Scored":
    """The same of some examples."""
    of_each = self._replace(kl=None)  # which is of all
    kept = [x if x is None else np.asarray(x)[rows] for x in of_each]
    return Scored(*kept)._replace(kl=self.kl)


class Metric(NamedTuple):
  """One entry of the catalogue."""

  compute: Callable[[Scored, int], dict[str, float]]  # given, seed -> scores
  needs: tuple[str, ...]  # fields; one of "means or categories" is enough


def _disentanglement(given, seed):
  found = disentanglement_score(
    given.means,
    given.factors,
    kl=given.kl,
    categories=given.categories,
    seed=seed,
  )
  return {"disentanglement_score": found.score}


def _disentanglement_dlib(given, seed):
  score = disentanglement_score_dlib(given.means, given.factors, seed=seed)
  return {"disentanglement_score_dlib": score}


def _beta_vae(given, seed):
  found = beta_vae_score(
    given.means, given.factors, categories=given.categories, seed=seed
  )
  return {"beta_vae_score": found.score}


def _mig(given, seed):
  del seed  # nothing is drawn
  found = mutual_information_gap(
    given.means, given.factors, categories=given.categories
  )
  return {"mig": found.score}


def _robust_mig(given, seed):
  del seed
  found = robust_mutual_information_gap(
    given.means,
    given.factors,
    scales=given.scales,
    categories=given.categories,
  )
  return {"robust_mig": found.score}


def _dci(given, seed):
  found = dci(
    given.means, given.factors, categories=given.categories, seed=seed
  )
  return {
    "dci_disentanglement": found.disentanglement,
    "dci_completeness": found.completeness,
    "dci_informativeness": found.informativeness,
  }


def _sap(given, seed):
  found = sap(
    given.means, given.factors, categories=given.categories, seed=seed
  )
  return {"sap": found.score}


def _modularity(given, seed):
  del seed
  found = modularity(given.means, given.factors, categories=given.categories)
  return {"modularity": found.score}


def _explicitness(given, seed):
  found = explicitness(
    given.means, given.factors, categories=given.categories, seed=seed
  )
  return {"explicitness": found.score}


def _irs(given, seed):
  del seed
  return {"irs": interventional_robustness(given.means, given.factors).score}


def _accuracy(given, seed):
  del seed
  return {"classification_accuracy": _best_variable(given)[0]}


def _agreement(given, seed):
  del seed
  found = category_agreement(_best_variable(given)[1], given.classes)
  return {"nmi": found.nmi, "ari": found.ari}


def _best_variable(given) -> tuple[float, np.ndarray]:
  """Accuracy and categories of the variable that fits the classes best."""
  categories = np.asarray(given.categories)
  found = [
    (classification_accuracy(labels, given.classes).accuracy, labels)
    for labels in categories.reshape(len(categories), -1).T
  ]
  return max(found, key=lambda pair: pair[0])


_CODES = ("factors", "means or categories")
_MEANS = ("factors", "means")
METRICS = {
  "disentanglement_score": Metric(_disentanglement, _CODES),
  "disentanglement_score_dlib": Metric(_disentanglement_dlib, _MEANS),
  "beta_vae_score": Metric(_beta_vae, _CODES),
  "mig": Metric(_mig, _CODES),
  "robust_mig": Metric(_robust_mig, _CODES),
  "dci": Metric(_dci, _CODES),
  "sap": Metric(_sap, _CODES),
  "modularity": Metric(_modularity, _CODES),
  "explicitness": Metric(_explicitness, _CODES),
  "irs": Metric(_irs, _MEANS),
  "classification_accuracy": Metric(_accuracy, ("categories", "classes")),
  "category_agreement": Metric(_agreement, ("categories", "classes")),
}


def score(
  given: Scored, names: Sequence[str] | None = None, seed: int = 0
) -> dict[str, float]:
  """The scores of codes, by name; a metric may give several.

  Args:
    given: the codes and what they are compared with.
    names: of `METRICS`; None for all that there is enough given for: of those
      a metric that refuses the codes is left out with a warning.
    seed: of votes, splits and forests.

  Raises:
    ValueError: an unknown name, a metric whose needs aren't given, or one that
      was asked for and refuses the codes.
  """
  if names is None:
    return _score_all(given, seed)
  for name in names:
    if name not in METRICS:
      raise ValueError(f"there is no metric {name!r}; {', '.join(METRICS)} are")
    if missing := _missing(given, name):
      raise ValueError(f"metric {name!r} needs {' and '.join(missing)}")
  found = {}
  for name in names:
    found |= METRICS[name].compute(given, seed)
  return found


def _score_all(given: Scored, seed: int) -> dict[str, float]:
  found = {}
  for name, metric in METRICS.items():
    if _missing(given, name):
      continue
    try:
      found |= metric.compute(given, seed)
    except ValueError as error:
      warnings.warn(f"{name} is left out: {error}", stacklevel=3)
  return found


def _missing(given: Scored, name: str) -> list[str]:
  return [
    need
    for need in METRICS[name].needs
    if all(getattr(given, field) is None for field in need.split(" or "))
  ]
