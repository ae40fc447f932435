"""The guess of the categories of a whole data set."""

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.connectivity import guess, guess_categories
from cascade_jax.data import dsprites
from cascade_jax.errors import UserError

COUNT = 3000


@pytest.fixture(scope="module")
def sprites():
  """Images of all scales, orientations and positions, and their shapes."""
  rng = np.random.default_rng(0)
  sizes = np.array(dsprites.FACTOR_SIZES)
  factors = rng.integers(sizes, size=(COUNT, len(sizes)))
  images = dsprites.render(factors)[..., None].astype(np.float32)
  _, first, shapes = np.unique(
    factors[:, 0], return_index=True, return_inverse=True
  )
  by_appearance = np.argsort(np.argsort(first))
  return images, by_appearance[shapes]


def guess_sprites(images, **options):
  options = {"sample_size": 1000, **options}
  return guess_categories(lambda rows: images[rows], COUNT, 3, **options)


@pytest.mark.parametrize("cut", guess.CUTS)
@pytest.mark.parametrize("seed", range(3))
def test_the_shapes_of_dsprites_are_found(sprites, cut, seed):
  images, shapes = sprites
  found = guess_sprites(images, seed=seed, cut=cut)
  np.testing.assert_array_equal(found.categories, shapes)
  assert found.categories.dtype == np.int32
  np.testing.assert_array_equal(found.sizes, np.bincount(shapes))
  assert (np.diff(found.sample) > 0).all() and len(found.sample) == 1000
  if cut == "components":
    assert found.plateau.first < found.num_neighbours < found.plateau.last
  else:
    assert found.plateau is None


def test_a_packed_data_set_that_is_read_row_by_row():
  """The data of the upright runs: 32x32 grey images of one orientation."""
  dataset = data.dsprites.load(32, "mean", num_orientations=1)

  def images_of(indices):
    rows = dataset.images[indices]
    return np.asarray(data.unpack(rows, dataset.image_shape, dataset.bits))

  found = guess_categories(images_of, len(dataset.images), 3)
  np.testing.assert_array_equal(found.categories, dataset.classes)


def test_small_blocks_change_nothing(sprites, monkeypatch):
  images, _ = sprites
  whole = guess_sprites(images)
  monkeypatch.setattr(guess, "_BLOCK", 700 * images[0].size)
  asked = []

  def images_of(indices):
    asked.append(indices)
    return images[indices]

  blocks = guess_categories(images_of, COUNT, 3, sample_size=1000)
  np.testing.assert_array_equal(blocks.categories, whole.categories)
  assert [len(rows) for rows in asked] == [1, 700, 300, 1] + 4 * [700] + [200]
  assert all((np.diff(rows) > 0).all() for rows in asked)


def test_the_same_seed_gives_the_same_guess_and_another_another_sample(sprites):
  images, _ = sprites
  first, again = guess_sprites(images, seed=4), guess_sprites(images, seed=4)
  for a, b in zip(first, again):
    np.testing.assert_array_equal(a, b)
  other = guess_sprites(images, seed=5)
  assert (first.sample != other.sample).any()


def test_a_sample_of_more_images_than_there_are_takes_all(sprites):
  images, shapes = sprites
  found = guess_categories(lambda rows: images[rows], 900, 3, sample_size=2500)
  np.testing.assert_array_equal(found.sample, np.arange(900))
  np.testing.assert_array_equal(found.categories, shapes[:900])


def test_images_that_are_not_registered_do_not_fall_into_shapes(sprites):
  images, _ = sprites
  with pytest.raises(UserError, match="into 3 pieces.*another registration"):
    guess_sprites(images, registration="none")


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"registration": "corners"}, "'corners'.*'moments', 'none'"),
    ({"cut": "kmeans"}, "'kmeans'.*'components', 'spectral'"),
    ({"sample_size": 10}, "at least 50"),
    ({"sample_size": 0}, "at least 1, got 0 and 3000"),
  ],
)
def test_malformed_options_are_named(sprites, options, message):
  images, _ = sprites
  with pytest.raises(UserError, match=message):
    guess_sprites(images, **options)


def test_a_blank_image_is_named_with_its_block(sprites):
  images = sprites[0].copy()
  images[17] = 0
  with pytest.raises(UserError, match="images 0 to 2999 .* image 17 of 3000"):
    guess_sprites(images)


def test_images_that_are_missing_are_counted(sprites):
  with pytest.raises(UserError, match="returned 1 images for 1000 indices"):
    guess_categories(lambda rows: sprites[0][:1], COUNT, 3, sample_size=1000)
