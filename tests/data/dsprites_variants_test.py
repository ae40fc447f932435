"""Coloured and noisy dSprites are dSprites with something painted on."""

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.errors import UserError

SMALL = {"image_size": 32, "num_orientations": 1}
VARIANTS = ("dsprites_color", "dsprites_noisy")


@pytest.fixture(scope="module")
def plain():
  return data.load("dsprites", **SMALL)


def objects_of(plain, dataset):
  """Where the object is in each image, `[n, S, S]`, found by its factors."""
  places = np.ravel_multi_index(dataset.factors.T, plain.factor_sizes)
  return data.HostImages(plain)[places][..., 0] > 0


@pytest.mark.parametrize("name", VARIANTS)
def test_images_are_the_same_in_every_subset(name):
  few = data.load(name, num_images=5, **SMALL)
  many = data.load(name, num_images=300, **SMALL)
  assert few.images.shape == (5, 32, 32, 3) and few.bits == 8
  assert len(np.unique(many.factors, axis=0)) == 300
  for image, factors in zip(few.images, few.factors):
    (index,) = np.flatnonzero((many.factors == factors).all(axis=1))
    np.testing.assert_array_equal(image, many.images[index])
  assert few.name.endswith(", 5 of 18,432 images")


def test_object_has_one_random_colour(plain):
  dataset = data.load("dsprites_color", num_images=100, **SMALL)
  colours = []
  for image, inside in zip(dataset.images, objects_of(plain, dataset)):
    assert not image[~inside].any()
    (colour,) = np.unique(image[inside], axis=0)
    colours.append(colour)
  colours = np.array(colours)
  assert len(np.unique(colours, axis=0)) == 100
  assert 127 <= colours.min() < 135 and 248 < colours.max() <= 255
  assert np.abs(np.corrcoef(colours.T)[np.triu_indices(3, 1)]).max() < 0.3


def test_object_is_white_on_noise(plain):
  dataset = data.load("dsprites_noisy", num_images=20, **SMALL)
  inside = objects_of(plain, dataset)
  assert (dataset.images[inside] == 255).all()
  noise = dataset.images[~inside]
  counts = np.histogram(noise, bins=8, range=(0, 256))[0]
  np.testing.assert_allclose(counts / noise.size, 1 / 8, atol=0.01)
  first, second = dataset.images[:2].astype(int)
  both = ~(inside[0] | inside[1])
  assert abs(np.corrcoef(first[both].ravel(), second[both].ravel())[0, 1]) < 0.1
  red, green = first[both][:, :2].T
  assert abs(np.corrcoef(red, green)[0, 1]) < 0.15


def test_grey_edges_are_painted_too():
  options = {**SMALL, "downsample": "mean", "num_images": 10}
  grey = data.load("dsprites", **SMALL, downsample="mean")
  for name in VARIANTS:
    dataset = data.load(name, **options)
    places = np.ravel_multi_index(dataset.factors.T, grey.factor_sizes)
    levels = grey.images[places].astype(int)
    if name == "dsprites_noisy":
      assert (dataset.images >= levels).all()
    else:
      colours = dataset.images.max(axis=(1, 2), keepdims=True)
      np.testing.assert_allclose(dataset.images, levels / 255 * colours, atol=1)


def test_all_images_are_taken_if_there_are_no_more(plain):
  dataset = data.load("dsprites_color", num_images=10**6, **SMALL)
  np.testing.assert_array_equal(dataset.factors, plain.factors)
  assert dataset.name == f"{plain.name}, random colours"


def test_number_of_images_is_checked():
  with pytest.raises(UserError, match="data.num_images is 0; it must be 1"):
    data.load("dsprites_color", num_images=0, **SMALL)
