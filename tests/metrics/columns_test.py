"""Columns of a code: checks, bins and inputs of classifiers."""

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.errors import UndefinedMetricError
from cascade_jax.metrics.columns import (
  checked_columns,
  classifier_inputs,
  discretise,
  fewest_examples,
  varying_factors,
)


def random_code(count=500):
  rng = np.random.default_rng(0)
  factors = rng.integers(3, size=(count, 2))
  means = rng.standard_normal((count, 4)) * [1, 1e-9, 1e9, 0]
  return means, factors, np.where(factors[:, 0] == 1, 200, 7).astype(np.uint8)


def test_categories_are_renumbered_without_gaps():
  means, factors, labels = random_code()
  codes, _ = checked_columns(
    means.astype(np.float32), factors, np.stack([labels, factors[:, 1]], 1)
  )
  assert codes.num_columns == 6
  assert codes.means.dtype == np.float64
  np.testing.assert_array_equal(codes.categories[:, 0], factors[:, 0] == 1)
  np.testing.assert_array_equal(codes.categories[:, 1], factors[:, 1])


def test_means_or_categories_may_be_missing():
  means, factors, labels = random_code()
  for codes, columns in (
    (checked_columns(means, factors)[0], 4),
    (checked_columns(None, factors, labels)[0], 1),
    (checked_columns(None, factors)[0], 0),
  ):
    assert codes.num_columns == columns
    assert discretise(codes, 20).shape == (500, columns)
    assert classifier_inputs(codes)[0].shape == (
      500,
      codes.means.shape[1] + 2 * codes.categories.shape[1],
    )


def test_bins_are_those_of_a_histogram():
  means, factors, labels = random_code()
  codes, _ = checked_columns(means, factors, labels)
  bins = discretise(codes, 20)
  for column in range(3):
    counts, _ = np.histogram(means[:, column], 20)
    np.testing.assert_array_equal(
      np.bincount(bins[:, column], minlength=20), counts
    )
  np.testing.assert_array_equal(bins[:, 3], 0)
  np.testing.assert_array_equal(bins[:, 4], codes.categories[:, 0])


def test_classifier_inputs_are_standardised_or_one_hot():
  means, factors, labels = random_code()
  features, columns = classifier_inputs(
    checked_columns(means, factors, labels)[0]
  )
  np.testing.assert_array_equal(columns, [0, 1, 2, 3, 4, 4])
  np.testing.assert_allclose(features[:, :3].std(axis=0), 1)
  np.testing.assert_allclose(features[:, :4].mean(axis=0), 0, atol=1e-12)
  np.testing.assert_array_equal(features[:, 3], 0)
  np.testing.assert_array_equal(features[:, 4:].sum(axis=1), 1)


def test_a_constant_column_is_0_also_where_its_mean_is_rounded():
  """The mean of many 0.1 is not 0.1, but the column does not vary."""
  code, _ = checked_columns(np.full((1440, 1), 0.1), np.arange(1440)[:, None])
  np.testing.assert_allclose(classifier_inputs(code)[0], 0, atol=1e-12)


def test_whole_floats_and_booleans_are_labels():
  means, factors, labels = random_code()
  plain = checked_columns(means, factors, labels)
  other = checked_columns(means, factors.astype(np.float32), labels == 7)
  np.testing.assert_array_equal(other[1], plain[1])
  assert other[1].dtype == np.int64
  np.testing.assert_array_equal(other[0].categories, 1 - plain[0].categories)


def test_the_rarest_value_and_its_factor():
  factors = np.array([[0, 1], [0, 1], [1, 1], [1, 4]])
  assert fewest_examples(factors) == (1, 1)
  assert fewest_examples(factors[:, :1]) == (2, 0)


def test_factors_with_one_value_do_not_vary():
  factors = np.array([[1, 0, 5], [1, 2, 5], [1, 0, 6]])
  np.testing.assert_array_equal(varying_factors(factors), [1, 2])
  with pytest.raises(ValueError, match="nothing to tell apart"):
    varying_factors(factors[:1])


@pytest.mark.parametrize(
  "metric", [metrics.dci, metrics.sap, metrics.explicitness]
)
def test_classifiers_of_too_many_values_are_not_begun(metric):
  """Forests of 10,000 ids would take a minute and more."""
  ids = np.arange(1002) // 2 * 60_000
  few = np.arange(1002) % 2
  with pytest.raises(UndefinedMetricError, match="factor 1 .* has 501 values"):
    metric(few[:, None], np.stack([few, ids], 1))
  with pytest.raises(UndefinedMetricError, match="0 .* has 501 categories"):
    metric(None, few[:, None], categories=ids)
