"""Handwritten digits that come with scikit-learn: real images, no download.

1,797 grey images of 8x8 pixels with 17 levels, the test part of the UCI set
"Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998). Each pixel
becomes a square of 2x2, because the networks start at 16x16.
"""

import numpy as np
from sklearn.datasets import load_digits

from cascade_jax.data.dataset import Dataset, from_arrays

_HIGHEST_LEVEL = 16


def load() -> Dataset:
  """Returns the digits, `[1797, 16, 16, 1]`, with one factor, the digit.

  With a single factor there is no disentanglement score; the classification
  accuracy and the agreement of categories with digits can be computed.
  """
  digits = load_digits()
  images = np.kron(digits.images / _HIGHEST_LEVEL, np.ones((2, 2)))
  return from_arrays(
    "digits",
    images,
    digits.target[:, None],
    factor_names=("digit",),
    class_factor="digit",
    class_names=tuple(str(digit) for digit in digits.target_names),
  )
