import chex
import jax
import numpy as np
import pytest

from cascade_jax import data, losses
from cascade_jax.errors import UserError
from cascade_jax.explore import contents
from cascade_jax.types import Representation
from tests.helpers import explored


def representation(mean, scale, categories=None):
  mean, scale = np.float32(mean), np.float32(scale)
  if categories is None:
    categories = np.zeros((len(mean), 0), np.int32)
  return Representation(mean, scale, categories, np.zeros(len(mean)))


def test_dimensions_are_sorted_by_kl_and_the_unused_are_told_apart():
  rng = np.random.default_rng(0)
  mean = rng.normal(size=(500, 3)) * [0.01, 2.0, 1.0]
  scale = np.full((500, 3), [1.0, 0.1, 0.3])
  dimensions = contents.dimensions(representation(mean, scale))
  assert [each.column for each in dimensions] == [1, 2, 0]
  assert [each.is_used for each in dimensions] == [True, True, False]
  kl = losses.mean_kl(np.float32(mean), np.float32(scale))
  assert [each.kl for each in dimensions] == [kl[1], kl[2], kl[0]]


def test_ranges_are_percentiles_of_the_mixture_of_all_posteriors():
  # Means of variance 1 and posteriors of variance 3 make a normal of 2.
  mean = np.random.default_rng(1).normal(size=(20_000, 1))
  (dimension,) = contents.dimensions(
    representation(mean, np.full((20_000, 1), np.sqrt(3)))
  )
  assert dimension.low == pytest.approx(-2 * 2.5758, abs=0.1)
  assert dimension.high == pytest.approx(2 * 2.5758, abs=0.1)


def test_a_deterministic_encoder_has_no_kl_and_keeps_its_order():
  mean = np.random.default_rng(0).normal(size=(1000, 2)) * [1, 5]
  dimensions = contents.dimensions(representation(mean, np.zeros((1000, 2))))
  assert [(each.column, each.kl) for each in dimensions] == [
    (0, None),
    (1, None),
  ]
  assert all(each.is_used for each in dimensions)
  low, high = np.percentile(mean[:, 1], [0.5, 99.5])
  assert dimensions[1].low == pytest.approx(low, abs=1e-5)
  assert dimensions[1].high == pytest.approx(high, abs=1e-5)


def test_majorities_are_shares_of_the_category():
  classes = np.array([0, 0, 1, 1, 1, 2])
  dataset = data.from_arrays(
    "six",
    np.zeros((6, 16, 16), np.uint8),
    classes[:, None],
    ("shape",),
    class_factor="shape",
    class_names=("a", "b", "c"),
  )
  sample = np.array([5, 4, 3, 2, 1, 0])  # classes 2 1 1 1 0 0
  categories = np.array([[0, 1], [0, 1], [0, 1], [2, 1], [2, 0], [2, 0]])
  first, second = contents.majorities(categories, (3, 2), dataset, sample)
  assert first == [("b", 2 / 3), None, ("a", 2 / 3)]
  assert second == [("a", 1.0), ("b", 3 / 4)]
  unlabelled = dataset._replace(factors=None, class_factor=None)
  nothing = contents.majorities(categories, (3, 2), unlabelled, sample)
  assert nothing == [[None] * 3, [None] * 2]


@pytest.fixture(scope="module")
def of_model():
  dataset = explored.dataset()
  evaluator, state = explored.model(dataset)
  return dataset, evaluator, state, contents.of_state(evaluator, state)


def test_images_come_with_their_pixels_codes_and_nats(of_model):
  dataset, evaluator, state, found = of_model
  images = found.images
  np.testing.assert_array_equal(images.pixels, dataset.images[images.indices])
  inferred = evaluator.infer(state, images.indices, True)
  chex.assert_trees_all_close(images.means, inferred.mean, atol=1e-5)
  np.testing.assert_array_equal(images.categories, inferred.categories)
  np.testing.assert_allclose(images.nats, inferred.reconstruction, rtol=1e-5)


def test_the_worst_and_the_best_follow_the_random_images(of_model):
  _, evaluator, state, found = of_model
  assert found.sample_size == found.images.num_random == 30
  assert sorted(found.images.indices[:30]) == list(range(30))
  nats = evaluator.infer(state, np.arange(30), True).reconstruction
  worst, best = found.images.indices[30:36], found.images.indices[36:]
  np.testing.assert_array_equal(worst, np.argsort(-nats)[:6])
  np.testing.assert_array_equal(best, np.argsort(nats)[:6])


def test_factors_that_vary_are_shown_and_only_classes_have_names(of_model):
  dataset, *_, found = of_model
  assert [factor.name for factor in found.factors] == [
    "shape",
    explored.HOSTILE,
  ]
  assert found.factors[0].names == dataset.class_names
  assert found.factors[1].names == () and found.factors[1].size == 10
  np.testing.assert_array_equal(
    found.factors[1].values, dataset.factors[found.images.indices, 1]
  )


def test_a_code_that_is_not_in_use_yet_has_no_categories(of_model):
  _, evaluator, state, found = of_model
  assert [len(each) for each in found.majorities] == [3]
  assert found.num_unused_codes == 0
  early = contents.of_state(evaluator, state._replace(step=np.int32(1)))
  assert early.majorities == [] and early.num_unused_codes == 3
  assert early.images.categories.shape == (42, 0)


def test_a_model_that_diverged_is_refused(of_model):
  _, evaluator, state, _ = of_model
  encoder = jax.tree.map(lambda x: x * np.nan, state.params["encoder"])
  diverged = state._replace(params=state.params | {"encoder": encoder})
  with pytest.raises(UserError, match="latents that are not finite"):
    contents.of_state(evaluator, diverged)


def test_large_images_are_fewer():
  rng = np.random.default_rng(0)
  images = rng.integers(0, 256, (500, 64, 64, 3), dtype=np.uint8)
  dataset = data.from_arrays("large", images)
  inferred = representation(np.zeros((500, 1)), np.ones((500, 1)))
  shown = contents.shown_images(dataset, np.arange(500), inferred)
  assert shown.num_random == 400 // 3 and len(shown.pixels) == 133 + 12
