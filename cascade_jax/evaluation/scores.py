"""The scores of a model: of its representation, and during training.

Shapes: N images, m continuous dimensions, D discrete variables.
"""

import contextlib

import numpy as np

from cascade_jax import data, losses, metrics
from cascade_jax.errors import UndefinedMetricError
from cascade_jax.evaluation.information import information
from cascade_jax.types import Representation

NAMES = (
  "disentanglement_score",
  "disentanglement_score_dlib",
  "classification_accuracy",
  "nmi",
  "ari",
)
PROTOCOL = {
  **{
    name: metric.protocol
    for metric in metrics.METRICS.values()
    for name in metric.scores
    if name in NAMES
  },
  "categories": "The most likely code of each image, at its posterior mean.",
  "elbo_at_mean": (
    "-(reconstruction + KL + log of the number of joint codes), nats per "
    "image, reconstructed from the posterior mean and the most likely code: a "
    "little above the bound, which is an expectation over the posterior."
  ),
}


_LOGGED_SAMPLES = 1024  # over which the information is averaged during training


def sample(num_images: int, size: int) -> np.ndarray:
  """Returns a random sample of indices in order, always the same one.

  Args:
    num_images: that there are.
    size: of the sample; 0 for all images, as for more than there are.
  """
  if not size:
    return np.arange(num_images)
  return np.sort(np.random.default_rng(0).permutation(num_images)[:size])


def sample_scores(
  representation: Representation[np.ndarray],
  dataset: data.Dataset,
  indices: np.ndarray,
) -> dict:
  """Returns what metrics.jsonl says of a model during training.

  That is the scores by `PROTOCOL`, the number of images that they were computed
  on, and the information of the latents.

  Args:
    representation: of the sample, by one replica.
    dataset: its factors.
    indices: of the images of the sample.
  """
  kl = mean_kl(representation)
  scores = score_representation(representation, kl, dataset, indices)
  return (
    {name: scores[name] for name in NAMES}
    | {"scored_images": len(indices)}
    | latent_information(representation, _LOGGED_SAMPLES)[0]
  )


def mean_kl(representation: Representation[np.ndarray]) -> np.ndarray | None:
  """Returns the mean KL of each dimension, nats `[m]`.

  None for a deterministic encoder.
  """
  if not representation.scale.any():
    return None
  return losses.mean_kl(representation.mean, representation.scale)


def elbo_at_mean(
  representation: Representation[np.ndarray],
  kl: np.ndarray | None,
  num_codes: int,
) -> float | None:
  """Returns the bound as `PROTOCOL` says; None for a deterministic encoder.

  Args:
    representation: of the images.
    kl: their `mean_kl`.
    num_codes: joint codes in use, with a uniform prior; 1 without a code.
  """
  if kl is None:
    return None
  reconstruction = representation.reconstruction.mean()
  return -float(reconstruction + kl.sum() + np.log(num_codes))


def latent_information(
  representation: Representation[np.ndarray], num_samples: int
) -> tuple[dict, dict]:
  """Returns the `Information` of these images and its standard errors, by name.

  Both are empty for a deterministic encoder, whose information is infinite.
  """
  if not representation.scale.any():
    return {}, {}
  estimates_and_errors = information(
    representation.mean, representation.scale, num_samples
  )
  values, errors = (
    {name: value.tolist() for name, value in each._asdict().items()}
    for each in estimates_and_errors
  )
  return values, errors


def score_representation(
  representation: Representation[np.ndarray],
  kl: np.ndarray | None,
  dataset: data.Dataset,
  indices: np.ndarray,
) -> dict:
  """Returns the scores and their details; None for those that are undefined.

  Without labels all of them are. The disentanglement scores need two factors
  that vary, the others a code and a class factor.

  Args:
    representation: of one model, in NumPy arrays.
    kl: its `mean_kl`.
    dataset: its factors are compared with the representation.
    indices: of the images that are represented.
  """
  results: dict = dict.fromkeys(NAMES)
  if dataset.factors is None:
    return results
  with contextlib.suppress(UndefinedMetricError):
    factors = dataset.factors[indices]
    results |= _disentanglement(
      representation, kl, factors, dataset.factor_names
    )
  if representation.categories.shape[1] and dataset.classes is not None:
    classes = dataset.classes[indices]
    results |= _agreement(representation.categories, classes, dataset)
  return results


def _disentanglement(
  representation: Representation[np.ndarray],
  kl: np.ndarray | None,
  factors: np.ndarray,
  factor_names: tuple[str, ...],
) -> dict:
  """Returns both disentanglement scores, and the votes of the paper's.

  Args:
    representation: of N images.
    kl: its `mean_kl`.
    factors: `[N, F]` of the same images.
    factor_names: F names.

  Raises:
    UndefinedMetricError: fewer than two factors vary.
  """
  score = metrics.disentanglement_score(
    representation.mean, factors, kl=kl, categories=representation.categories
  )
  code_names = ["code"]
  if score.num_codes > 1:
    code_names = [f"code {d + 1}" for d in range(score.num_codes)]
  return {
    "disentanglement_score": score.score,
    "disentanglement_score_dlib": metrics.disentanglement_score_dlib(
      representation.mean, factors
    ).score,
    "votes": score.votes.tolist(),
    "vote_columns": [f"z{column + 1}" for column in score.columns]
    + code_names[: score.num_codes],
    "vote_factors": [factor_names[f] for f in score.factors],
    "column_factors": [
      factor_names[f] if f >= 0 else None for f in score.column_factors
    ],
  }


def _agreement(
  categories: np.ndarray, classes: np.ndarray, dataset: data.Dataset
) -> dict:
  """Returns the scores of the variable that fits the classes best.

  NMI and ARI are undefined, and not among them, if there is only one class.
  """
  accuracies = [
    metrics.classification_accuracy(column, classes) for column in categories.T
  ]
  variable = int(np.argmax([each.accuracy for each in accuracies]))
  best = accuracies[variable]
  agreement = {}
  with contextlib.suppress(UndefinedMetricError):
    agreement = metrics.category_agreement(
      categories[:, variable], classes
    )._asdict()
  return {
    **agreement,
    "classification_accuracy": best.accuracy,
    "class_variable": variable + 1,
    "confusion": best.confusion.tolist(),
    "relabelling": best.relabelling.tolist(),
    "class_names": list(dataset.class_names),
  }
