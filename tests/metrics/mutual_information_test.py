"""Mutual information of columns and factors."""

import collections
import math

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.errors import UndefinedMetricError
from cascade_jax.metrics.mutual_information import (
  chance_share,
  contingency,
  mutual_information,
  table_information,
)
from tests.helpers import scored_codes, stored_scores


def loop_implementation(labels, values):
  """Returns I(labels; values), counting one example at a time."""
  joint = collections.Counter(zip(labels.tolist(), values.tolist()))
  rows = collections.Counter(labels.tolist())
  columns = collections.Counter(values.tolist())
  total = len(labels)
  return sum(
    count / total * math.log(count * total / (rows[a] * columns[b]))
    for (a, b), count in joint.items()
  )


def test_it_equals_a_loop_implementation():
  rng = np.random.default_rng(0)
  factors = rng.integers(-3, 4, size=(200, 2))
  categories = (factors + rng.integers(0, 3, size=(200, 2))) % 5
  result = mutual_information(None, factors, categories=categories)
  for column in range(2):
    for factor in range(2):
      expected = loop_implementation(categories[:, column], factors[:, factor])
      assert result.information[column, factor] == pytest.approx(expected)
    own = loop_implementation(categories[:, column], categories[:, column])
    assert result.column_entropies[column] == pytest.approx(own)
    own = loop_implementation(factors[:, column], factors[:, column])
    assert result.factor_entropies[column] == pytest.approx(own)


def test_a_copy_has_all_information_and_independent_columns_exactly_none():
  factors = scored_codes.grid()
  result = mutual_information(None, factors, categories=factors)
  expected = np.diag(np.log(scored_codes.SIZES))
  np.testing.assert_allclose(result.information, expected, rtol=1e-12)
  assert (result.information[expected == 0] == 0).all()


def test_rows_are_columns_with_categories_last():
  factors = scored_codes.grid()
  means = factors[:, [2]].astype(float)
  result = mutual_information(means, factors, categories=factors[:, 0])
  assert result.information.argmax(axis=1).tolist() == [2, 0]


def test_constant_column_and_constant_factor():
  result = mutual_information(
    scored_codes.with_constant(), scored_codes.with_constant_factor()
  )
  assert result.factors.tolist() == [0, 1, 2, 3]
  assert (result.information[4] == 0).all()
  assert result.column_entropies[4] == 0


def test_no_columns_give_an_empty_table():
  result = mutual_information(None, scored_codes.grid())
  assert result.information.shape == (0, 4)
  assert result.column_entropies.shape == (0,)


def test_independent_columns_have_the_documented_bias():
  rng = np.random.default_rng(0)
  labels, values = rng.integers(20, size=(2, 300, 5000))
  estimates = [
    table_information(contingency(a, b)) for a, b in zip(labels, values)
  ]
  assert np.mean(estimates) == pytest.approx(19 * 19 / (2 * 5000), rel=0.05)


def test_scales_and_shifts_of_means_do_not_matter():
  means, factors = scored_codes.perfect(), scored_codes.grid()
  np.testing.assert_allclose(
    mutual_information(-4.0 * means + 7.0, factors).information,
    mutual_information(means, factors).information,
  )


@pytest.mark.parametrize(
  "name",
  ["trained", "trained_with_categories", "perfect", "rotated", "noise"],
)
def test_it_equals_disentanglement_lib(name):
  means, factors, categories = stored_scores.codes(name)
  result = mutual_information(means, factors, categories=categories)
  stored = stored_scores.values()
  np.testing.assert_allclose(
    result.information, stored[f"{name}/mutual_information"], rtol=1e-6
  )
  np.testing.assert_allclose(
    result.factor_entropies, stored[f"{name}/entropies"], rtol=1e-6
  )


def test_malformed_bins_are_named():
  with pytest.raises(ValueError, match="num_bins must be an integer"):
    mutual_information(scored_codes.perfect(), scored_codes.grid(), num_bins=1)


@pytest.mark.parametrize("num_categories", [2, 10, 50, 200])
def test_the_share_by_chance_is_that_of_independent_labels(num_categories):
  rng = np.random.default_rng(0)
  values = rng.integers(4, size=1000)
  shares = []
  for _ in range(30):
    labels = rng.permutation(np.arange(1000) % num_categories)
    information = table_information(contingency(labels, values))
    shares.append(information / loop_implementation(values, values))
  found = chance_share(labels, values)
  assert found == pytest.approx(np.mean(shares), rel=0.25)
  assert chance_share(np.arange(1000), values) == pytest.approx(1)


@pytest.mark.parametrize("num_examples", [40, 500])
@pytest.mark.parametrize("share", [1, 0.9, 0.5])
def test_numbers_of_examples_are_no_categories(num_examples, share):
  """MIG would be 1 for random factors, if each example had its own category."""
  rng = np.random.default_rng(0)
  factors = rng.integers(3, size=(num_examples, 2))
  ids = rng.permutation(num_examples) % int(share * num_examples)
  for metric in (
    metrics.mutual_information_gap,
    metrics.robust_mutual_information_gap,
    metrics.modularity,
  ):
    with pytest.raises(UndefinedMetricError, match="categories .*by chance"):
      metric(None, factors, categories=ids)
  inputs = metrics.MetricInputs(factors, categories=ids, classes=factors[:, 0])
  assert "by chance alone" in metrics.cautions(inputs, ["nmi"])["nmi"]
  few = inputs._replace(categories=ids % 3)
  assert "nmi" not in metrics.cautions(few, ["nmi"])
  assert metrics.mutual_information_gap(
    None, factors, categories=ids % 3
  ).score == pytest.approx(0, abs=0.1)
