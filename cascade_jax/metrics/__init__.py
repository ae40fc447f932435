"""Scores as functions of plain arrays; no model and no jax needed."""

from cascade_jax.metrics.classification import (
  ClassificationAccuracy,
  classification_accuracy,
)
from cascade_jax.metrics.disentanglement import (
  DisentanglementScore,
  disentanglement_score,
)
from cascade_jax.metrics.disentanglement_dlib import disentanglement_score_dlib

__all__ = (
  "ClassificationAccuracy",
  "DisentanglementScore",
  "classification_accuracy",
  "disentanglement_score",
  "disentanglement_score_dlib",
)
