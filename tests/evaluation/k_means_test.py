"""K-means on pixels, the floor that learned categories must beat."""

import json

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.errors import UserError
from cascade_jax.evaluation import k_means
from tests.helpers.launcher import call


def squares(count, *, labels=True):
  """Returns images of a bright square in one of three places, and noise."""
  rng = np.random.default_rng(0)
  places = rng.integers(0, 3, count)
  images = rng.integers(0, 40, (count, 16, 16, 1), dtype=np.uint8)
  for image, place in zip(images, places):
    image[5 * place : 5 * place + 5, :5] = 255
  return images, places if labels else None


def test_clusters_that_are_classes_score_1():
  images, places = squares(60)
  dataset = data.from_arrays("squares", images, labels=places)
  content = k_means.pixel_clusters(dataset, 3, num_seeds=2, num_images=50)
  assert content["num_images"] == 50
  assert [of["seed"] for of in content["seeds"]] == [0, 1]
  for of in content["seeds"]:
    assert (of["classification_accuracy"], of["nmi"], of["ari"]) == (1, 1, 1)
  text = k_means.to_markdown(content)
  assert "| mean | 100.00 | 100.00 | 100.00 |" in text.splitlines()


def test_one_cluster_tells_no_classes_apart():
  images, places = squares(60)
  dataset = data.from_arrays("squares", images, labels=places)
  (of,) = k_means.pixel_clusters(dataset, 1, 1, num_images=0)["seeds"]
  share = np.bincount(places).max() / 60
  assert of["classification_accuracy"] == pytest.approx(share)
  assert of["nmi"] == pytest.approx(0, abs=1e-12)


def test_data_that_can_not_be_compared_are_refused():
  images, _ = squares(4, labels=False)
  without = data.from_arrays("squares", images)
  with pytest.raises(UserError, match="'squares' has no classes"):
    k_means.pixel_clusters(without, 3, 1, 0)
  labelled = data.from_arrays("squares", images, labels=np.arange(4))
  with pytest.raises(UserError, match="4 images can't be put into 5 clusters"):
    k_means.pixel_clusters(labelled, 5, 1, 0)


def test_the_command_takes_one_number_of_clusters_and_writes_a_file(tmp_path):
  images, places = squares(60)
  path, output = tmp_path / "mine.npz", tmp_path / "k_means.json"
  np.savez(path, images=images, labels=places)
  flags = "--config=own", "--config.data.name=arrays"
  source = f"--config.data.path={path}"
  ignored = call("k_means", *flags, source, "--config.seed=3")
  assert ignored.returncode == 1
  assert "only data, num_categories is read here" in ignored.stderr
  several = "--config.num_categories=(3,2)"
  refused = call("k_means", *flags, source, several)
  assert refused.returncode == 1
  assert "takes one number of clusters" in refused.stderr
  result = call(
    "k_means",
    *flags,
    source,
    "--config.num_categories=(3,)",
    "--num_seeds=1",
    f"--output={output}",
  )
  assert result.returncode == 0, result.stderr
  assert "| mean | 100.00 | 100.00 | 100.00 |" in result.stdout
  content = json.loads(output.read_text())
  assert content["num_categories"] == 3 and content["num_images"] == 60
