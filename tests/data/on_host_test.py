"""Images on the host are those that training sees."""

import numpy as np
import pytest

from cascade_jax import data


@pytest.mark.parametrize("shape", [(5, 3, 5, 1), (5, 2, 2, 3)])
@pytest.mark.parametrize("is_binary", [False, True])
def test_rows_are_those_of_unpack(shape, is_binary):
  images = np.random.default_rng(0).random(shape)
  if is_binary:
    images = images < 0.5
  dataset = data.from_arrays("images", images)
  assert dataset.bits == (1 if is_binary else 8)
  host, indices = data.HostImages(dataset), np.array([4, 0, 0])
  assert len(host) == 5
  expected = data.unpack(
    dataset.images[indices], dataset.image_shape, dataset.bits
  )
  assert host[indices].shape == expected.shape
  np.testing.assert_allclose(host[indices], expected, rtol=1e-6)
