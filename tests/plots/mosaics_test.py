"""Mosaics of images, and the file that they go into."""

import io

import numpy as np
import pytest
from PIL import Image

from cascade_jax.plots import mosaics


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("size", "gap"), [(16, 1), (64, 2)])
def test_each_image_stands_in_its_cell(size, gap, channels):
  images = np.random.default_rng(0).random((2, 3, size, size, channels))
  pixels = mosaics.mosaic(images)
  cell = size + gap
  assert pixels.shape == (2 * cell, 3 * cell, 3) and pixels.dtype == np.uint8
  for row, column in np.ndindex(2, 3):
    y, x = row * cell, column * cell
    expected = np.rint(255 * images[row, column]) * np.ones(3)
    np.testing.assert_array_equal(pixels[y : y + size, x : x + size], expected)
    assert (
      np.ptp(pixels[y + size : y + cell, x : x + cell], axis=(0, 1)).max() == 0
    )


def test_channels_that_are_no_colours_are_refused():
  with pytest.raises(ValueError, match="2 channels"):
    mosaics.mosaic(np.zeros((1, 1, 8, 8, 2)))


def test_webp_shows_the_pixels_in_few_bytes():
  y, x = np.mgrid[:128, :128] / 128
  pixels = np.rint(255 * np.stack([x, y, x * y], axis=-1)).astype(np.uint8)
  content = mosaics.to_webp(pixels)
  shown = np.asarray(Image.open(io.BytesIO(content))).astype(int)
  assert np.abs(shown - pixels).mean() < 3
  assert len(content) < pixels.size / 20
