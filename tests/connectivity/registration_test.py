"""Registration of images by their centroid and their brightness."""

import numpy as np
import pytest
from scipy.ndimage import affine_transform, center_of_mass

from cascade_jax.connectivity import REGISTRATIONS, register_by_moments
from cascade_jax.data import dsprites
from cascade_jax.errors import UserError


def slow_twin(image, side, fill):
  """Registers one grey image `[H, W]` with SciPy."""
  step = np.sqrt(image.sum() / (fill * side**2))
  offset = np.array(center_of_mass(image)) - step * (side - 1) / 2
  return affine_transform(
    image,
    [step, step],
    offset,
    output_shape=(side, side),
    order=1,
    mode="grid-constant",
  )


@pytest.mark.parametrize(("side", "fill"), [(24, 0.25), (7, 0.1), (10, 2.0)])
def test_it_equals_the_slow_twin_on_colour_images_that_are_not_square(
  side, fill
):
  rng = np.random.default_rng(0)
  images = rng.uniform(size=(6, 13, 20, 3)) ** 8
  expected = [slow_twin(image.mean(axis=2), side, fill) for image in images]
  registered = register_by_moments(images, side, fill)
  assert registered.shape == (6, side * side)
  assert registered.dtype == np.float32
  np.testing.assert_allclose(
    registered, np.reshape(expected, (6, -1)), atol=1e-5
  )


def test_images_without_a_channel_axis_are_grey_images():
  images = np.random.default_rng(0).uniform(size=(3, 16, 16))
  np.testing.assert_array_equal(
    register_by_moments(images), register_by_moments(images[..., None])
  )


def test_the_position_of_a_sprite_is_lost():
  """The three positions are whole pixels apart (31 steps are 32)."""
  corners = np.array([[2, 3, 7, 0, 0], [2, 3, 7, 31, 0], [2, 3, 7, 31, 31]])
  images = dsprites.render(corners).astype(np.float32)
  registered = register_by_moments(images)
  np.testing.assert_allclose(registered[1:], registered[[0, 0]], atol=1e-4)
  raw = REGISTRATIONS["none"](images)
  assert (raw[0] * raw[1]).max() == 0


def test_a_twice_as_large_square_in_the_middle_of_the_result():
  """A square of 8x8 and of 16x16 pixels, of 12x12 after registration."""
  images = np.zeros((2, 40, 40), np.float32)
  images[0, 3:11, 20:28] = 1
  images[1, 20:36, 4:20] = 1
  registered = register_by_moments(images, side=24, fill=0.25)
  small, large = registered.reshape(2, 24, 24)
  np.testing.assert_array_equal(small[7:17, 7:17], 1)
  np.testing.assert_array_equal(large[7:17, 7:17], 1)
  for square in small, large:
    assert square[:5].max() == square[:, 19:].max() == 0
    assert square.sum() == pytest.approx(0.25 * 24 * 24, rel=0.02)


def test_registration_none_flattens():
  images = np.random.default_rng(0).uniform(size=(4, 6, 5, 3))
  flat = REGISTRATIONS["none"](images)
  assert flat.dtype == np.float32
  np.testing.assert_array_equal(flat, images.reshape(4, -1).astype(np.float32))


@pytest.mark.parametrize("registration", REGISTRATIONS)
@pytest.mark.parametrize(
  ("images", "message"),
  [
    (np.zeros((8, 8)), r"shape \[N, H, W\].*got \(8, 8\)"),
    (np.zeros((0, 8, 8)), r"got \(0, 8, 8\)"),
    (np.ones((2, 8, 8), np.uint8), "got uint8; divide bytes by 255"),
    (np.full((2, 8, 8), 1.5), r"in \[0, 1\], got \[1.5, 1.5\]"),
    (np.full((2, 8, 8), np.nan), r"in \[0, 1\], got \[nan, nan\]"),
  ],
)
def test_malformed_images_are_named(registration, images, message):
  with pytest.raises(UserError, match=message):
    REGISTRATIONS[registration](images)


def test_a_blank_image_has_no_centroid():
  images = np.ones((3, 8, 8))
  images[1] = 0
  with pytest.raises(UserError, match='image 1 of 3 is blank.*"none"'):
    register_by_moments(images)


@pytest.mark.parametrize(("side", "fill"), [(0, 0.25), (8, 0.0), (8, np.nan)])
def test_malformed_sizes_are_named(side, fill):
  with pytest.raises(UserError, match=f"got {side} and {fill}"):
    register_by_moments(np.ones((1, 8, 8)), side, fill)
