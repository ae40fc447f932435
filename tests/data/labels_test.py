"""Labels become a factor, and values that never occur are closed up."""

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.errors import UserError

IMAGES = np.zeros((4, 16, 16))


@pytest.fixture
def log(caplog):
  caplog.set_level("INFO", "absl")
  return caplog


def test_labels_become_the_class(log):
  dataset = data.from_arrays("mine", IMAGES, labels=np.array([2, 0, 1, 0]))
  np.testing.assert_array_equal(dataset.factors, [[2], [0], [1], [0]])
  assert dataset.factor_names == (dataset.class_factor,) == ("class",)
  assert dataset.factor_sizes == (3,)
  assert dataset.class_names == ("class 0", "class 1", "class 2")
  assert not log.text


@pytest.mark.parametrize(
  ("labels", "indices", "names"),
  [
    (np.array([5, 1, 7, 5]), [1, 0, 2, 1], ("class 1", "class 5", "class 7")),
    (np.array([[5], [1], [7], [5]]), [1, 0, 2, 1], None),
    (np.array([1, -1, 1, -1]), [1, 0, 1, 0], ("class -1", "class 1")),
    (["dog", "ant", "cat", "dog"], [2, 0, 1, 2], ("ant", "cat", "dog")),
    (np.array(["b", "a", "a", "a"], object), [1, 0, 0, 0], ("a", "b")),
    (np.array([True, False, True, True]), [1, 0, 1, 1], None),
  ],
)
def test_values_are_numbered_in_ascending_order(labels, indices, names):
  dataset = data.from_arrays("mine", IMAGES, labels=labels)
  np.testing.assert_array_equal(dataset.classes, indices)
  assert names is None or dataset.class_names == names


def test_log_says_which_values_are_numbered(log):
  data.from_arrays("mine", IMAGES, labels=np.array([5, 1, 7, 5]))
  assert "'class': its 3 values 1, 5, 7 are numbered from 0" in log.text


def test_values_that_no_image_has_are_closed_up(log):
  """Slow twin: the rank of each value among those that occur."""
  factors = np.random.default_rng(0).choice([0, 3, 4, 9], (40, 2))
  factors[:, 0] = np.arange(40) % 3
  dataset = data.from_arrays("mine", np.zeros((40, 16, 16)), factors)
  for column in range(2):
    occurring = sorted(set(factors[:, column].tolist()))
    assert dataset.factor_sizes[column] == len(occurring)
    ranks = [occurring.index(value) for value in factors[:, column]]
    np.testing.assert_array_equal(dataset.factors[:, column], ranks)
  assert "'factor 2': its 4 values 0, 3, 4, 9 are" in log.text
  assert "'factor 1'" not in log.text


def test_labels_beside_factors_are_one_more_factor():
  dataset = data.from_arrays(
    "mine",
    IMAGES,
    np.array([[0, 1], [1, 0], [1, 1], [0, 0]]),
    factor_names=("x", "y"),
    labels=["a", "b", "a", "b"],
  )
  assert dataset.factor_names == ("x", "y", "class")
  assert dataset.class_factor == "class" and dataset.class_names == ("a", "b")
  np.testing.assert_array_equal(dataset.factors[:, 2], [0, 1, 0, 1])


def test_another_factor_may_be_the_class_beside_labels():
  dataset = data.from_arrays(
    "mine",
    IMAGES,
    np.array([[0], [1], [1], [0]]),
    class_factor="factor 1",
    labels=[7, 8, 7, 8],
  )
  assert dataset.factor_names == ("factor 1", "class")
  assert dataset.class_names == ("factor 1 0", "factor 1 1")


@pytest.mark.parametrize(
  ("names", "expected"),
  [
    (("one", "five"), ("one", "five")),  # of the values that occur
    (tuple("abcdefg"), ("b", "f")),  # of all numbers from 0
  ],
)
def test_names_are_of_the_values_or_of_all_numbers(names, expected):
  labels = np.array([1, 5, 1, 5])
  dataset = data.from_arrays("mine", IMAGES, class_names=names, labels=labels)
  assert dataset.class_names == expected


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"labels": np.arange(3)}, r"labels must have shape \[4\].*got \(3,\)"),
    ({"labels": np.zeros((4, 2), int)}, r"got \(4, 2\)"),
    ({"labels": np.zeros(4)}, "integers or strings, got float64"),
    ({"labels": np.array([None] * 4)}, "integers or strings, got object"),
    (
      {"labels": np.array([1, 5, 1, 5]), "class_names": ("a", "b", "c")},
      "3 class names for 2 values of 'class'",
    ),
    (
      {
        "labels": np.arange(4),
        "factors": np.zeros((4, 1), int),
        "factor_names": ("class",),
      },
      "a factor name comes twice",
    ),
    ({"labels": np.arange(4), "factor_names": ("a",)}, "1 factor names for 0"),
    ({"labels": np.arange(4), "class_factor": "x"}, "class_factor is 'x'"),
    ({"factors": np.full((4, 1), -1)}, "counted from 0; got -1"),
    ({"factors": np.ones((4, 1))}, "got float64"),
  ],
)
def test_error_names_the_bad_value(options, message):
  with pytest.raises(UserError, match=message) as refused:
    data.from_arrays("mine", IMAGES, **options)
  assert "\n" not in str(refused.value)
