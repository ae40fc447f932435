"""The digits are those of scikit-learn, each pixel a square of four."""

import numpy as np
from sklearn.datasets import load_digits

from cascade_jax import data


def test_digits_are_enlarged_exactly():
  dataset = data.load("digits")
  assert dataset.image_shape == (16, 16, 1) and dataset.bits == 8
  original = load_digits()
  corners = dataset.images[:, ::2, ::2, 0]
  for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
    np.testing.assert_array_equal(
      dataset.images[:, row::2, column::2, 0], corners
    )
  np.testing.assert_array_equal(
    corners, np.rint(original.images / 16 * 255).astype(np.uint8)
  )


def test_the_class_is_the_digit():
  dataset = data.load("digits")
  np.testing.assert_array_equal(dataset.classes, load_digits().target)
  assert dataset.factor_sizes == (10,)
  assert dataset.class_names == tuple("0123456789")
