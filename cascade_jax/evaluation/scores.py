"""The scores of a model's codes, and those of it while it trains."""

from collections.abc import Callable

import jax
import numpy as np

from cascade_jax import data, losses, metrics
from cascade_jax.evaluation.information import information
from cascade_jax.evaluation.represent import compile_represent
from cascade_jax.methods import Method
from cascade_jax.sharding import Spread
from cascade_jax.types import Posterior, Representation

NAMES = (
  "disentanglement_score",
  "disentanglement_score_dlib",
  "classification_accuracy",
)
PROTOCOL = {
  **{name: metrics.METRICS[name].protocol for name in NAMES},
  "categories": "The likeliest code of each image, at its posterior mean.",
  "elbo_at_mean": (
    "-(reconstruction + KL + log of the number of joint codes), nats per "
    "image, reconstructed from the posterior mean and the likeliest code: a "
    "little above the bound, which is in expectation over the posterior."
  ),
}


METRICS_IMAGES = 10_000  # of which `scored` is a sample
_LOGGED_SAMPLES = 1024  # that the information is a mean of, while it trains


def sample(num_images: int, size: int) -> np.ndarray:
  """All indices, or `size` of them at random; always the same ones."""
  if not size:
    return np.arange(num_images)
  return np.sort(np.random.default_rng(0).permutation(num_images)[:size])


def compile_sample_scores(
  method: Method,
  on_device: data.DeviceDataset,
  dataset: data.Dataset,
  spread: Spread,
  size: int,
) -> Callable[..., list[dict]]:
  """Returns a function to what metrics.jsonl says of a model during training.

  Its arguments are the replicas' parameters (stacked), and whether the discrete
  code is in use. It returns, for each replica, the scores by `PROTOCOL` and the
  number of images that they were computed on: `sample(N, size)`, or all N if
  there are fewer.

  Args:
    method: gives `represent`.
    on_device: the data set on the devices of `spread`.
    dataset: its factors.
    spread: how replicas are held.
    size: of the sample.
  """
  num_images = len(on_device)
  indices = sample(num_images, size if size < num_images else 0)
  represent = compile_represent(method, on_device, spread)

  def sample_scores(params, discrete):
    codes = represent(params, indices, discrete)
    records = []
    for replica in range(spread.size):
      alone = Representation(*(array[replica] for array in codes))
      found = of_codes(alone, mean_kl(alone), dataset, indices)
      records.append(
        {name: found[name] for name in NAMES}
        | {"scored_images": len(indices)}
        | latent_information(alone, _LOGGED_SAMPLES)[0]
      )
    return records

  return sample_scores


def mean_kl(codes: Representation) -> np.ndarray | None:
  """Mean KL of each dimension, nats `[m]`; None of a deterministic encoder."""
  if not codes.scale.any():
    return None
  posterior = jax.device_put(Posterior(codes.mean, codes.scale))
  kl = jax.device_get(jax.jit(losses.kl_per_dimension)(posterior))
  return kl.mean(axis=0)


def elbo_at_mean(
  codes: Representation, kl: np.ndarray | None, num_codes: int
) -> float | None:
  """By `PROTOCOL`; None of a deterministic encoder.

  Args:
    codes: of the images.
    kl: their `mean_kl`.
    num_codes: joint codes in use, equally likely before; 1 without a code.
  """
  if kl is None:
    return None
  return -float(codes.reconstruction.mean() + kl.sum() + np.log(num_codes))


def latent_information(
  codes: Representation, num_samples: int
) -> tuple[dict, dict]:
  """`Information` over these images and its standard errors, by name.

  Both are empty of a deterministic encoder, whose information is infinite.
  """
  if not codes.scale.any():
    return {}, {}
  found, errors = information(codes.mean, codes.scale, num_samples)
  return tuple(
    {name: value.tolist() for name, value in each._asdict().items()}
    for each in (found, errors)
  )


def of_codes(
  codes: Representation,
  kl: np.ndarray | None,
  dataset: data.Dataset,
  indices: np.ndarray,
) -> dict:
  """The scores with what they were made of; None where nothing is known.

  Args:
    codes: of one model, in NumPy arrays.
    kl: its `mean_kl`.
    dataset: whose factors are compared with.
    indices: of the images that the codes are of.
  """
  results: dict = dict.fromkeys(NAMES)
  if dataset.factors is None:
    return results
  factors = dataset.factors[indices]
  score = metrics.disentanglement_score(
    codes.mean, factors, kl=kl, categories=codes.categories
  )
  names = ["code"]
  if score.num_codes > 1:
    names = [f"code {d + 1}" for d in range(score.num_codes)]
  results |= {
    "disentanglement_score": score.score,
    "disentanglement_score_dlib": metrics.disentanglement_score_dlib(
      codes.mean, factors
    ).score,
    "votes": score.votes.tolist(),
    "vote_columns": [f"z{column + 1}" for column in score.columns]
    + names[: score.num_codes],
    "vote_factors": [dataset.factor_names[f] for f in score.factors],
    "column_factors": [
      dataset.factor_names[f] if f >= 0 else None for f in score.column_factors
    ],
  }
  if score.num_codes and dataset.class_factor is not None:
    classes = factors[:, dataset.factor_names.index(dataset.class_factor)]
    results |= _accuracy(codes.categories, classes, dataset)
  return results


def scored(
  codes: Representation,
  kl: np.ndarray | None,
  dataset: data.Dataset,
  indices: np.ndarray,
) -> metrics.MetricInputs:
  """What all metrics are given: a sample of the codes, and what they are of.

  Arguments are those of `of_codes`.
  """
  size = METRICS_IMAGES if len(indices) > METRICS_IMAGES else 0
  rows = sample(len(indices), size)
  factors = classes = None
  if dataset.factors is not None:
    factors = dataset.factors[indices]
  if dataset.class_factor is not None:
    classes = factors[:, dataset.factor_names.index(dataset.class_factor)]
  has_code = codes.categories.shape[1] > 0
  given = metrics.MetricInputs(
    factors,
    codes.mean,
    codes.categories if has_code else None,
    codes.scale if codes.scale.any() else None,
    kl,
    classes,
  )
  return given.take(rows)


def of_all_metrics(given: metrics.MetricInputs) -> dict:
  """What evaluation.json says of the metrics that aren't in `NAMES`.

  Those are of all images that are evaluated; these are of the codes given.
  """
  found, refusals = {}, {}
  if given.factors is not None:
    found, refusals = metrics.attempt(given)
  return {
    "metrics": {k: value for k, value in found.items() if k not in NAMES},
    "metrics_images": given.num_examples,
    "metrics_left_out": refusals,
    "metrics_protocol": {
      name: metric.protocol
      for name, metric in metrics.METRICS.items()
      if name not in NAMES
    },
  }


def _accuracy(categories, classes, dataset) -> dict:
  each = [metrics.classification_accuracy(k, classes) for k in categories.T]
  variable = int(np.argmax([found.accuracy for found in each]))
  best = each[variable]
  return {
    "classification_accuracy": best.accuracy,
    "class_variable": variable + 1,
    "confusion": best.confusion.tolist(),
    "relabelling": best.relabelling.tolist(),
    "class_names": list(dataset.class_names),
  }
