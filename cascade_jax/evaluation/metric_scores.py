"""All metrics of a model's representation, on a sample of the images.

Most of them are too slow for all images of a large data set.

Shapes: N images, m continuous dimensions, D discrete variables.
"""

import numpy as np

from cascade_jax import data, metrics
from cascade_jax.evaluation import scores
from cascade_jax.types import Representation

METRICS_IMAGES = 10_000  # in the sample of `metric_rows`


def metric_rows(count: int) -> np.ndarray:
  """Returns which of `count` images the slower metrics are computed on."""
  return scores.sample(count, METRICS_IMAGES)


def metric_inputs(
  representation: Representation[np.ndarray],
  kl: np.ndarray | None,
  dataset: data.Dataset,
  indices: np.ndarray,
) -> metrics.MetricInputs:
  """Returns a sample of the representation, with its factors, for all metrics.

  Arguments are those of `scores.score_representation`.
  """
  has_code = representation.categories.shape[1] > 0
  is_probabilistic = representation.scale.any()
  inputs = metrics.MetricInputs(
    None if dataset.factors is None else dataset.factors[indices],
    representation.mean,
    representation.categories if has_code else None,
    representation.scale if is_probabilistic else None,
    kl,
    None if dataset.classes is None else dataset.classes[indices],
  )
  return inputs.take(metric_rows(len(indices)))


def score_all_metrics(inputs: metrics.MetricInputs) -> dict:
  """Returns what evaluation.json says of the metrics but `scores.NAMES`.

  Those in `scores.NAMES` are computed on all evaluated images, these on the
  inputs.
  """
  values: dict[str, float] = {}
  left_out: dict[str, str] = {}
  if inputs.factors is not None:
    values, left_out = metrics.attempt(inputs)
  return {
    "metrics": {k: v for k, v in values.items() if k not in scores.NAMES},
    "metrics_images": inputs.num_examples,
    "metrics_left_out": left_out,
    "metrics_cautions": metrics.cautions(inputs, values),
    "metrics_protocol": {
      name: metric.protocol
      for name, metric in metrics.METRICS.items()
      if not metric.scores.keys() <= set(scores.NAMES)
    },
  }
