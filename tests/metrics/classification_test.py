"""Unsupervised classification accuracy."""

import itertools

import numpy as np
import pytest

from cascade_jax import metrics


def best_by_trying_all(categories, classes, num_categories, num_classes):
  """Returns the best accuracy of all relabellings, with padded classes."""
  labels = range(max(num_categories, num_classes))
  return max(
    np.mean(np.array(relabelling)[categories] == classes)
    for relabelling in itertools.permutations(labels, num_categories)
  )


@pytest.mark.parametrize(
  ("num_categories", "num_classes"),
  [(1, 1), (2, 2), (3, 3), (5, 5), (5, 3), (2, 4), (1, 3)],
)
def test_accuracy_equals_brute_force(num_categories, num_classes):
  rng = np.random.default_rng(num_categories)
  for _ in range(20):
    categories = rng.integers(num_categories, size=30)
    classes = rng.integers(num_classes, size=30)
    categories[:num_categories] = range(num_categories)
    classes[:num_classes] = range(num_classes)
    result = metrics.classification_accuracy(categories, classes)
    best = best_by_trying_all(categories, classes, num_categories, num_classes)
    assert result.accuracy == pytest.approx(best)
    assert result.confusion.shape == (num_categories, num_classes)
    relabelled = result.relabelling[categories]
    assert np.mean(relabelled == classes) == pytest.approx(best)


def test_accuracy_does_not_depend_on_the_numbering():
  rng = np.random.default_rng(0)
  categories, classes = rng.integers(4, size=(2, 200))
  accuracy = metrics.classification_accuracy(categories, classes).accuracy
  for _ in range(10):
    names, class_names = rng.permutation(4), rng.permutation(4)
    renamed = metrics.classification_accuracy(
      names[categories], class_names[classes]
    )
    assert renamed.accuracy == accuracy


def test_the_largest_label_of_a_narrow_type():
  labels = np.array([0, 255, 255], np.uint8)
  result = metrics.classification_accuracy(labels, labels)
  assert result.accuracy == 1
  assert result.confusion.shape == (256, 256)


def test_accuracy_of_renamed_classes_is_one():
  classes = np.arange(30) % 3
  result = metrics.classification_accuracy(
    np.array([2, 0, 1])[classes], classes
  )
  assert result.accuracy == 1
  np.testing.assert_array_equal(result.relabelling, [1, 2, 0])
  np.testing.assert_array_equal(result.confusion.sum(axis=1), [10, 10, 10])


def test_accuracy_of_a_random_code_is_near_chance():
  rng = np.random.default_rng(0)
  categories, classes = rng.integers(3, size=(2, 30_000))
  accuracy = metrics.classification_accuracy(categories, classes).accuracy
  assert 1 / 3 <= accuracy < 0.35


def test_more_or_fewer_categories_than_classes():
  classes = np.array([0, 0, 0, 1, 1, 1])
  more = metrics.classification_accuracy(np.array([0, 0, 2, 1, 1, 1]), classes)
  assert more.accuracy == pytest.approx(5 / 6)
  np.testing.assert_array_equal(more.relabelling, [0, 1, -1])
  fewer = metrics.classification_accuracy(np.zeros(6, int), classes)
  assert fewer.accuracy == 0.5


@pytest.mark.parametrize(
  ("categories", "classes", "message"),
  [
    ([], [], "N > 0"),
    ([0, 1], [0], "2 categories for 1 classes"),
    ([0.0, 0.5], [0, 1], "categories must be integers"),
    ([0, 1], [0, -1], "classes must be integers counted from 0"),
    ([[0]], [0], "categories must have shape"),
    ([0, 10**9], [0, 1], "categories go up to 1000000000"),
  ],
)
def test_malformed_labels_are_named(categories, classes, message):
  with pytest.raises(ValueError, match=message):
    metrics.classification_accuracy(np.array(categories), np.array(classes))
