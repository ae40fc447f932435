"""Images of other sizes become the squares that the networks take."""

import chex
import numpy as np
import pytest
from absl.testing import parameterized
from PIL import Image

from cascade_jax import data
from cascade_jax.data import fit
from cascade_jax.errors import UserError
from cascade_jax.networks import models


def random_pixels(*shape):
  return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def test_sides_are_those_of_the_networks():
  assert fit.SIDES == models.IMAGE_SIZES


class SideTest(parameterized.TestCase):
  @parameterized.parameters(
    (8, 8, "pad", 16),
    (28, 28, "", 32),
    (28, 28, "resize", 32),
    (32, 32, "", 32),
    (33, 20, "pad", 64),
    (40, 40, "resize", 32),  # 40 / 32 is less than 64 / 40
    (48, 48, "resize", 64),
    (20, 60, "resize", 64),
    (20, 60, "crop", 16),
    (256, 100, "pad", 256),
    (105, 105, "crop", 128),
  )
  def test_side(self, height, width, way, side):
    assert fit.side_of(height, width, way) == side

  @parameterized.parameters(*fit.FITS)
  def test_images_that_suit_stay(self, way):
    pixels = random_pixels(2, 16, 16, 3)
    assert fit.fitted(pixels, way) is pixels

  @parameterized.product(
    way=("pad", "resize", "crop"),
    size=((8, 8), (9, 31), (100, 20), (28, 28)),
    channels=(1, 3, 4),
  )
  def test_images_get_the_side(self, way, size, channels):
    pixels = random_pixels(2, *size, channels)
    side = fit.side_of(*size, way)
    fitted = fit.fitted(pixels, way)
    chex.assert_shape(fitted, (2, side, side, channels))
    chex.assert_type(fitted, np.uint8)
    np.testing.assert_array_equal(fitted[1], fit.fitted(pixels[1], way))


def test_padding_is_zeros_around_the_centred_image():
  pixels = random_pixels(2, 9, 11, 3)
  expected = np.zeros((2, 16, 16, 3), np.uint8)
  for n, row, column, channel in np.ndindex(pixels.shape):
    expected[n, row + 3, column + 2, channel] = pixels[n, row, column, channel]
  np.testing.assert_array_equal(fit.fitted(pixels, "pad"), expected)


def test_images_of_28_pixels_are_padded_unasked(caplog):
  pixels = random_pixels(2, 28, 28, 1)
  caplog.set_level("INFO", "absl")
  fit.log_fit(28, 28)
  fitted = fit.fitted(pixels)
  border = ((0, 0), (2, 2), (2, 2), (0, 0))
  np.testing.assert_array_equal(fitted, np.pad(pixels, border))
  assert "28x28 pixels are padded with zeros (black) to 32x32" in caplog.text


def test_resized_images_are_pillow_s():
  pixels = random_pixels(2, 40, 20, 3)
  for image, fitted in zip(pixels, fit.fitted(pixels, "resize")):
    filtered = Image.fromarray(image).resize((32, 32), Image.BILINEAR)
    np.testing.assert_array_equal(fitted, np.asarray(filtered))


def test_shrinking_is_antialiased():
  stripes = np.zeros((1, 40, 40, 1), np.uint8)
  stripes[:, :, ::2] = 255
  fitted = fit.fitted(stripes, "resize")
  assert fitted.min() > 30 and fitted.max() < 225


def test_crop_keeps_the_centre():
  pixels = random_pixels(2, 16, 21, 1)
  np.testing.assert_array_equal(fit.fitted(pixels, "crop"), pixels[:, :, 2:18])
  resized = fit.fitted(random_pixels(2, 20, 31, 1), "crop")
  squares = random_pixels(2, 20, 31, 1)[:, :, 5:25]
  np.testing.assert_array_equal(resized, fit.fitted(squares, "resize"))


@pytest.mark.parametrize(
  ("size", "way", "message"),
  [
    (
      (20, 30),
      "",
      r"images are 20x30 .* --config\.data\.fit to pad \(32x32\), resize "
      r"\(32x32\), crop \(16x16\)",
    ),
    ((27, 27), "", "27x27"),
    ((7, 16), "pad", r"7x16 pixels; both sides must lie in 8\.\.256"),
    ((16, 257), "resize", "16x257"),
    ((32, 32), "stretch", "data.fit is 'stretch'; it must be one of"),
  ],
)
def test_error_names_the_size_and_the_setting(size, way, message):
  with pytest.raises(UserError, match=message):
    fit.fitted(random_pixels(1, *size, 1), way)


def test_binary_images_stay_binary_unless_they_are_resized():
  images = np.random.default_rng(0).integers(0, 2, (5, 20, 20), np.uint8)
  padded = data.from_arrays("mine", images, fit="pad")
  assert padded.bits == 1 and padded.image_shape == (32, 32, 1)
  pixels = np.asarray(data.unpack(padded.images, (32, 32, 1), 1))
  np.testing.assert_array_equal(pixels[:, 6:26, 6:26, 0], images)
  resized = data.from_arrays("mine", images, fit="resize")
  assert resized.bits == 8 and len(np.unique(resized.images)) > 10


def test_images_are_fitted_only_where_asked():
  images = np.zeros((3, 20, 20))
  assert data.from_arrays("mine", images).image_shape == (20, 20, 1)
  with pytest.raises(UserError, match="20x20"):
    data.from_arrays("mine", images, fit="")


@pytest.mark.parametrize("name", data.NAMES)
def test_unknown_fit_is_refused_before_anything_is_read(name):
  with pytest.raises(UserError, match="data.fit is 'squash'"):
    data.load(name, fit="squash")
