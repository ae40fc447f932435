"""ModelCentrality: how well each of several models stands for the others.

Shapes: N examples, M models, F factors of one model.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.metrics.checks import (
  check_integer,
  check_not_negative,
  checked_categories,
  checked_kl,
  checked_means,
)
from cascade_jax.metrics.disentanglement import disentanglement_score
from cascade_jax.metrics.inputs import MetricInputs


class ModelCentrality(NamedTuple):
  """The scores of the models, and the cross-scores they are means of.

  Attributes:
    scores: `[M]`.
    cross_scores: `[M, M]` score of the codes of model j if those of model i are
      taken for the true factors; NaN for i = j.
    num_factors: `[M]` the number F of each model.
  """

  scores: np.ndarray
  cross_scores: np.ndarray
  num_factors: np.ndarray


def model_centrality(
  models: Sequence[MetricInputs],
  *,
  num_bins: int = 20,
  kl_threshold: float = 0.1,
  seed: int = 0,
) -> ModelCentrality:
  """Returns how well each model agrees with the others, without labels.

  Lin et al. 2020 (InfoGAN-CR), section on model selection. They take each model
  i in turn for the ground truth: its generator makes groups of images that
  share the value of one latent, and the FactorVAE score of model j's encoder is
  computed on them. The score of a model is the mean of its cross-scores with
  all other models in both directions, as the truth and as the one that is
  scored; the model with the highest score, the medoid, is chosen. Like UDR,
  this assumes that disentangled models agree and that entangled ones need not.

  Ours is for encoders whose codes of the same images are known. It departs from
  the original as follows.

  - Nothing is generated: a group is drawn from the given images whose code of
    model i lies in the same of `num_bins` bins, which hold equally many images.
    The other latents then vary as in the aggregate posterior. If these depend
    on the latent, they do not vary freely, as they do in the original.
  - Only latents of model i with a KL above the threshold are factors. Those of
    the original include unused ones, on which no code can score.
  - The categories of model i are factors too, and those of model j are columns.
  - The score is the paper's (`disentanglement_score`, of 800 votes). As the
    number F of factors differs between models, chance (1 / F) is mapped to 0
    and the best to 1. It is 0 if model i has fewer than two factors.

  Args:
    models: `means`, `categories` and `kl` of each on the same examples; the
      other fields are ignored. Without `kl` all dimensions count.
    num_bins: in which a dimension is fixed.
    kl_threshold: in nats, for factors and for columns.
    seed: of the votes.

  Raises:
    UserError: an argument is malformed; the message names it.
  """
  check_integer("num_bins", num_bins, 2)
  check_integer("seed", seed, 0)
  check_not_negative("kl_threshold", kl_threshold)
  if len(models) < 2:
    raise UserError(f"models must be two or more, got {len(models)}")
  factors = []
  for number, model in enumerate(models):
    try:
      factors.append(
        _as_factors(model, models[0].num_examples, num_bins, kl_threshold)
      )
    except UserError as error:
      raise UserError(f"of model {number} (from 0): {error}") from error
  cross_scores = np.full((len(models), len(models)), np.nan)
  for i, j in zip(*np.nonzero(~np.eye(len(models), dtype=bool))):
    cross_scores[i, j] = _cross_score(factors[i], models[j], kl_threshold, seed)
  both_ways = (cross_scores + cross_scores.T) / 2
  return ModelCentrality(
    np.nanmean(both_ways, axis=1),
    cross_scores,
    np.array([values.shape[1] for values in factors]),
  )


def _as_factors(
  model: MetricInputs, num_examples: int, num_bins: int, kl_threshold: float
) -> np.ndarray:
  """Returns the codes of a model as factors `[N, F]` that vary.

  Args:
    model: whose means are put into bins.
    num_examples: N.
    num_bins: for each dimension; equal means are in the same bin.
    kl_threshold: in nats.

  Raises:
    UserError: an array is malformed; the message names it.
  """
  means = checked_means(model.means, num_examples)
  kl = checked_kl(model.kl, means.shape[1])
  levels = np.arange(1, num_bins) / num_bins
  columns = [
    np.searchsorted(np.quantile(column, levels), column, side="right")
    for column in means[:, kl > kl_threshold].T
  ]
  columns += list(checked_categories(model.categories, num_examples).T)
  varying = [column for column in columns if np.ptp(column) > 0]
  return np.array(varying, np.int64).reshape(-1, num_examples).T


def _cross_score(
  factors: np.ndarray, codes: MetricInputs, kl_threshold: float, seed: int
) -> float:
  """Returns the score of codes against factors `[N, F]`, chance being 0."""
  num_factors = factors.shape[1]
  if num_factors < 2:
    return 0.0
  score = disentanglement_score(
    codes.means,
    factors,
    kl=codes.kl,
    categories=codes.categories,
    kl_threshold=kl_threshold,
    seed=seed,
  ).score
  return (score - 1 / num_factors) / (1 - 1 / num_factors)
