"""Metrics as functions of plain arrays, without a model and without jax.

`scoring.score` computes all of them at once, `intervals.intervals` adds
confidence intervals. docs/metrics.md lists them in one table.
"""

from cascade_jax.metrics.beta_vae import BetaVaeScore, beta_vae_score
from cascade_jax.metrics.catalogue import METRICS
from cascade_jax.metrics.cautions import cautions
from cascade_jax.metrics.classification import (
  ClassificationAccuracy,
  classification_accuracy,
)
from cascade_jax.metrics.clustering import CategoryAgreement, category_agreement
from cascade_jax.metrics.dci import Dci, dci
from cascade_jax.metrics.disentanglement import (
  DisentanglementScore,
  disentanglement_score,
)
from cascade_jax.metrics.disentanglement_dlib import (
  HeldOutDisentanglementScore,
  disentanglement_score_dlib,
)
from cascade_jax.metrics.factor_worth import (
  FactorWorth,
  Worth,
  factor_worth,
)
from cascade_jax.metrics.inputs import MetricInputs
from cascade_jax.metrics.intervals import Interval, intervals
from cascade_jax.metrics.irs import (
  InterventionalRobustness,
  interventional_robustness,
)
from cascade_jax.metrics.mig import (
  InformationGap,
  mutual_information_gap,
  robust_mutual_information_gap,
)
from cascade_jax.metrics.model_centrality import (
  ModelCentrality,
  model_centrality,
)
from cascade_jax.metrics.modularity import (
  Explicitness,
  Modularity,
  explicitness,
  modularity,
)
from cascade_jax.metrics.mutual_information import (
  MutualInformation,
  mutual_information,
)
from cascade_jax.metrics.rank_correlation import (
  RankCorrelation,
  rank_correlation,
)
from cascade_jax.metrics.sap import Sap, sap
from cascade_jax.metrics.scoring import attempt, score
from cascade_jax.metrics.udr import (
  UnsupervisedRanking,
  unsupervised_disentanglement_ranking,
)

__all__ = (
  "METRICS",
  "BetaVaeScore",
  "CategoryAgreement",
  "ClassificationAccuracy",
  "Dci",
  "DisentanglementScore",
  "Explicitness",
  "FactorWorth",
  "HeldOutDisentanglementScore",
  "InformationGap",
  "Interval",
  "InterventionalRobustness",
  "MetricInputs",
  "ModelCentrality",
  "Modularity",
  "MutualInformation",
  "RankCorrelation",
  "Sap",
  "UnsupervisedRanking",
  "Worth",
  "attempt",
  "beta_vae_score",
  "category_agreement",
  "cautions",
  "classification_accuracy",
  "dci",
  "disentanglement_score",
  "disentanglement_score_dlib",
  "explicitness",
  "factor_worth",
  "intervals",
  "interventional_robustness",
  "model_centrality",
  "modularity",
  "mutual_information",
  "mutual_information_gap",
  "rank_correlation",
  "robust_mutual_information_gap",
  "sap",
  "score",
  "unsupervised_disentanglement_ranking",
)
