"""XYSquares equal squares that are drawn one by one."""

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.errors import UserError


def drawn(factors, image_size):
  """The slow twin: one image, by slices."""
  image = np.zeros((image_size, image_size, 3), np.uint8)
  width = image_size // 8
  for channel in range(3):
    x, y = width * factors[2 * channel : 2 * channel + 2].astype(int)
    image[y : y + width, x : x + width, channel] = 1
  return image


def test_images_are_those_of_their_factors():
  dataset = data.load("xy_squares", image_size=16)
  assert dataset.images.shape == (8**6, 96) and dataset.bits == 1
  assert dataset.factor_sizes == (8,) * 6
  assert len(np.unique(dataset.factors, axis=0)) == 8**6
  indices = np.random.default_rng(0).choice(8**6, 200)
  images = data.HostImages(dataset)[indices]
  for image, factors in zip(images, dataset.factors[indices]):
    np.testing.assert_array_equal(image, drawn(factors, 16))


def test_places_of_a_square_do_not_overlap():
  """So each image has as many pixels on as the other."""
  dataset = data.load("xy_squares", image_size=16)
  np.testing.assert_array_equal(
    np.bitwise_count(dataset.images).sum(axis=1), 3 * 2 * 2
  )
  one_square = data.HostImages(dataset)[np.arange(64)][..., 2]
  np.testing.assert_array_equal(one_square.sum(axis=0), 1)


def test_other_sizes_are_refused():
  with pytest.raises(UserError, match="data.image_size is 128"):
    data.load("xy_squares", image_size=128)
