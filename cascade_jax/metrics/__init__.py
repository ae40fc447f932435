"""Scores as functions of plain arrays; no model and no jax needed."""

from cascade_jax.metrics.classification import (
  ClassificationAccuracy,
  classification_accuracy,
)
from cascade_jax.metrics.disentanglement import (
  DisentanglementScore,
  disentanglement_score,
)

__all__ = (
  "ClassificationAccuracy",
  "DisentanglementScore",
  "classification_accuracy",
  "disentanglement_score",
)
