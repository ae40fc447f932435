"""Mutual information and Rand index of categories and classes."""

import numpy as np
import pytest

from cascade_jax.metrics.clustering import category_agreement

CLASSES = np.repeat([0, 1, 2], 200)


def slow_agreement(categories, classes):
  """Returns NMI from probabilities, and ARI from all pairs of examples."""
  joint = np.zeros((categories.max() + 1, classes.max() + 1))
  for category, label in zip(categories, classes):
    joint[category, label] += 1 / len(classes)

  def entropy(shares):
    return -sum(share * np.log(share) for share in np.ravel(shares) if share)

  halves = entropy(joint.sum(axis=0)), entropy(joint.sum(axis=1))
  nmi = 2 * (sum(halves) - entropy(joint)) / sum(halves)
  first, second = np.triu_indices(len(classes), 1)
  together = categories[first] == categories[second]
  alike = classes[first] == classes[second]
  chance = together.mean() * alike.mean()
  most = (together.mean() + alike.mean()) / 2
  return nmi, ((together & alike).mean() - chance) / (most - chance)


def test_it_equals_a_loop_implementation():
  rng = np.random.default_rng(0)
  noise = rng.integers(5, size=len(CLASSES))
  categories = np.where(rng.uniform(size=len(CLASSES)) < 0.5, CLASSES, noise)
  result = category_agreement(categories, CLASSES)
  assert 0.1 < result.nmi < 0.5 and 0.1 < result.ari < 0.5
  np.testing.assert_allclose(result, slow_agreement(categories, CLASSES))


def test_renumbered_classes_agree_fully():
  renamed = np.array([7, 0, 4])[CLASSES].astype(np.uint8)
  assert category_agreement(renamed, CLASSES) == pytest.approx((1, 1))


def test_a_single_category_scores_0():
  assert category_agreement(np.full(600, 2), CLASSES) == (0, 0)


def test_independent_categories_score_0():
  categories = np.tile(np.arange(4), 150)
  result = category_agreement(categories, CLASSES)
  assert result.nmi == pytest.approx(0, abs=1e-9)
  assert -0.01 < result.ari <= 0


def test_ari_is_corrected_for_chance_and_nmi_is_not():
  categories = np.random.default_rng(0).permutation(600) // 3
  result = category_agreement(categories, CLASSES)
  assert result.nmi > 0.1
  assert abs(result.ari) < 0.01


def test_a_refinement_of_the_classes_is_penalised_by_the_arithmetic_mean():
  """I(categories; classes) = H(classes) = log 3; H(categories) = log 6."""
  categories = 2 * CLASSES + np.arange(600) % 2
  result = category_agreement(categories, CLASSES)
  expected = np.log(3) / ((np.log(3) + np.log(6)) / 2)
  assert result.nmi == pytest.approx(expected)
  assert 0.5 < result.ari < 0.7


def test_one_category_for_each_example_is_penalised_too():
  result = category_agreement(np.arange(600), CLASSES)
  assert result.nmi == pytest.approx(2 * np.log(3) / np.log(3 * 600))
  assert result.ari == 0


@pytest.mark.parametrize(
  ("categories", "classes", "message"),
  [
    ([], [], "categories must have shape"),
    ([[0, 1]], [0, 1], "categories must have shape"),
    ([0, 1], [0.0, 1.5], "classes must be integers"),
    ([0, -1], [0, 1], "categories must be integers"),
    ([0, 1], [0, 1, 1], "2 categories for 3 classes"),
    ([0, 1], [3, 3], "classes are all 3; there is nothing to tell apart"),
  ],
)
def test_malformed_input_is_named(categories, classes, message):
  with pytest.raises(ValueError, match=message):
    category_agreement(np.array(categories), np.array(classes))
