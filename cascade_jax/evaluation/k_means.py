"""K-means on pixels: the floor that learned categories must beat."""

from collections.abc import Mapping

import numpy as np
from sklearn.cluster import KMeans

from cascade_jax import data, metrics
from cascade_jax.activity import activity
from cascade_jax.errors import UserError
from cascade_jax.evaluation import scores
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.runs.json_file import Kind
from cascade_jax.runs.provenance import provenance

KIND = Kind("k_means")
_RESTARTS = 10
_PROTOCOL = (
  f"scikit-learn's k-means with its first centres by k-means++, the best of "
  f"{_RESTARTS} starts by its own criterion (inertia), on pixels in [0, 1]. "
  "Accuracy is that of the best one-to-one relabelling."
)


def pixel_clusters(
  dataset: data.Dataset, num_categories: int, num_seeds: int, num_images: int
) -> dict:
  """Returns how well clusters of the pixels agree with the classes.

  Args:
    dataset: with classes.
    num_categories: the number of clusters.
    num_seeds: how often to repeat it, with seeds 0, 1, and so on.
    num_images: size of the random sample that is clustered; 0 for all, as for
      more than there are.

  Returns:
    The content of a JSON file; scores are shares in 0..1.

  Raises:
    UserError: the data set has no classes, or there are fewer images than
      clusters.
  """
  if dataset.classes is None:
    raise UserError(
      f"data set {dataset.name!r} has no classes, so there is nothing to "
      "compare clusters with"
    )
  indices = scores.sample(len(dataset.images), num_images)
  if len(indices) < num_categories:
    raise UserError(
      f"{len(indices)} images can't be put into {num_categories} clusters; "
      "there must be as many images, or more"
    )
  pixels = data.HostImages(dataset)[indices].reshape(len(indices), -1)
  classes = dataset.classes[indices]
  seeds = []
  for seed in range(num_seeds):
    with activity(f"clustering {len(pixels)} images, seed {seed}"):
      clusters = KMeans(
        num_categories, n_init=_RESTARTS, random_state=seed
      ).fit_predict(pixels.astype(np.float32))
    seeds.append({"seed": seed, **_agreement(clusters, classes)})
  return {
    "dataset": dataset.name,
    "num_images": len(pixels),
    "image_shape": list(dataset.image_shape),
    "num_categories": num_categories,
    "protocol": _PROTOCOL,
    "seeds": seeds,
    **provenance(),
  }


def _agreement(clusters: np.ndarray, classes: np.ndarray) -> dict[str, float]:
  agreement = metrics.category_agreement(clusters, classes)
  accuracy = metrics.classification_accuracy(clusters, classes).accuracy
  return {"classification_accuracy": accuracy, **agreement._asdict()}


def to_markdown(content: Mapping) -> str:
  """Returns what `pixel_clusters` returns as text with a table, in percent."""
  names = [name for name in content["seeds"][0] if name != "seed"]
  values = np.array(
    [[100 * of[name] for name in names] for of in content["seeds"]]
  )
  rows = [
    (of["seed"], *(f"{value:.2f}" for value in row))
    for of, row in zip(content["seeds"], values)
  ]
  rows.append(("mean", *(f"{mean:.2f}" for mean in values.mean(axis=0))))
  summary = (
    f"{content['dataset']}: k-means on the pixels of {content['num_images']} "
    f"images, {content['num_categories']} clusters, in percent. "
    f"{content['protocol']}"
  )
  header = ["seed", *(name.replace("_", " ") for name in names)]
  return f"{summary}\n\n{markdown_table(header, rows)}"
