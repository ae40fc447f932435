import pathlib

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.data import dsprites, sprites
from cascade_jax.errors import UserError

FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures"
FRAMES = FIXTURES / "dsprites_gif_frames.npz"


@pytest.fixture(scope="module")
def full_dataset():
  return dsprites.load()


def test_frames_of_the_original_are_reproduced():
  with np.load(FRAMES, allow_pickle=False) as original:
    images, factors = original["images"], original["factors"]
  assert len(images) == 320
  np.testing.assert_array_equal(dsprites.render(factors), images)


def test_number_of_pixels_that_are_on(full_dataset):
  """Differs by at most 100 from the original's, known from its mean."""
  total = int(np.bitwise_count(full_dataset.images).sum(dtype=np.int64))
  assert total == 128_328_864
  assert abs(total - 128_328_862) <= 100


def test_deviation_of_pixels_is_the_published_one(full_dataset):
  """The mean over images of the unbiased standard deviation of the pixels."""
  sizes = np.bitwise_count(full_dataset.images).sum(axis=1, dtype=np.int64)
  variances = sizes * (4096 - sizes) / (4096 * 4095)
  assert abs(np.sqrt(variances).mean() - 0.19516645880626055) < 1e-8


def test_number_of_distinct_images(full_dataset):
  """Orientations 0 and 39 are equal, and 3,142 more images coincide."""
  hashes = {hash(image.tobytes()) for image in full_dataset.images}
  assert len(hashes) == 737_280 - 18_432 - 3_142


def test_sprites_stay_within_their_published_bounds(full_dataset):
  sizes = np.bitwise_count(full_dataset.images).sum(axis=1, dtype=np.int64)
  assert (sizes.min(), sizes.max()) == (50, 400)
  covered = np.bitwise_or.reduce(full_dataset.images, axis=0)
  image = np.unpackbits(covered, bitorder="little").reshape(64, 64)
  rows, columns = np.nonzero(image)
  assert {rows.min(), columns.min()} == {2}
  assert {rows.max(), columns.max()} == {61}


def inside(x, y, xs, ys):
  """The even-odd rule, edge by edge: 1 if the point is in the polygon."""
  crossings = 0
  for i in range(len(xs)):
    (xa, ya), (xb, yb) = (xs[i - 1], ys[i - 1]), (xs[i], ys[i])
    if (ya < y) != (yb < y):
      crossings += xa + (y - ya) * (xb - xa) / (yb - ya) <= x
  return crossings % 2


@pytest.mark.parametrize(
  "factors",
  [
    (0, 5, 3, 9, 20),
    (1, 0, 7, 0, 31),
    (2, 3, 25, 31, 0),
    (0, 1, 0, 8, 0),  # centres of pixels on a vertical edge
    (2, 0, 1, 2, 10),  # and on a slanted one
  ],
)
def test_pixels_equal_point_in_polygon(factors):
  shape, scale, orientation, x, y = factors
  xs, ys = sprites._snapped_vertices(shape, scale, orientation)
  expected = [
    [inside(256 * j + 128, 256 * i + 128, xs[x], ys[y]) for j in range(64)]
    for i in range(64)
  ]
  image = dsprites.render(np.array([factors]))[0]
  np.testing.assert_array_equal(image, expected)


def test_order_is_that_of_the_original(full_dataset):
  factors = full_dataset.factors
  assert factors.shape == (737_280, 5)
  np.testing.assert_array_equal(factors[0], 0)
  np.testing.assert_array_equal(factors[1], [0, 0, 0, 0, 1])
  np.testing.assert_array_equal(factors[-1], [2, 5, 39, 31, 31])
  chosen = np.random.default_rng(0).integers(737_280, size=50)
  unpacked = data.unpack(
    full_dataset.images[chosen], full_dataset.image_shape, full_dataset.bits
  )
  rendered = dsprites.render(factors[chosen])
  np.testing.assert_array_equal(unpacked[..., 0], rendered)


def test_first_and_last_orientation_are_the_same():
  first = np.array([[shape, 4, 0, 8, 8] for shape in range(3)])
  last = first + np.array([0, 0, 39, 0, 0])
  np.testing.assert_array_equal(dsprites.render(first), dsprites.render(last))


def test_half_size_images_and_fewer_orientations():
  whole = dsprites.load(num_orientations=2)
  every = dsprites.load(32, "every_second", 2)
  mean = dsprites.load(32, "mean", 2)
  assert every.factor_sizes == mean.factor_sizes == (3, 6, 2, 32, 32)
  assert "first 2 of 40 orientations" in every.name
  chosen = np.random.default_rng(0).integers(len(whole.images), size=30)

  def images(dataset):
    rows = dataset.images[chosen]
    return np.asarray(data.unpack(rows, dataset.image_shape, dataset.bits))

  full = images(whole)
  np.testing.assert_array_equal(images(every), full[:, ::2, ::2])
  means = full.reshape(30, 32, 2, 32, 2, 1).mean(axis=(2, 4))
  np.testing.assert_allclose(images(mean), means, atol=0.5 / 255)


@pytest.mark.parametrize(
  ("factors", "message"),
  [
    (np.zeros((2, 4), int), r"shape \[n, 5\]"),
    (np.zeros((2, 5)), "integers"),
    (np.array([[0, 0, 0, 0, 0], [0, 0, 40, 0, 0]]), r"factors\[1, 2\].*is 40"),
    (np.array([[-1, 0, 0, 0, 0]]), r"\(shape\) is -1"),
  ],
)
def test_error_names_the_bad_factor(factors, message):
  with pytest.raises(UserError, match=message):
    dsprites.render(factors)


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"image_size": 48}, "not 48"),
    ({"downsample": "max"}, "'max'"),
    ({"num_orientations": 0}, "num_orientations is 0"),
    ({"num_orientations": 41}, "num_orientations is 41"),
  ],
)
def test_error_names_the_bad_option(options, message):
  with pytest.raises(UserError, match=message):
    dsprites.load(**options)
