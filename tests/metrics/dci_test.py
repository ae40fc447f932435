"""Disentanglement, completeness and informativeness."""

import json

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler

from cascade_jax.metrics.dci import concentration, dci, weighted_mean
from tests.helpers import scored_codes

ORIGINAL = json.loads(
  (scored_codes.FIXTURES / "disentanglement_lib_b.json").read_text()
)["dci"]


def score(means, factors=None, **options):
  factors = scored_codes.grid() if factors is None else factors
  return dci(means, factors, **{"num_trees": 5, **options})


def slow_concentration(row):
  total = sum(row)
  if total == 0:
    return 0.0
  logs = [np.log(x / total) / np.log(len(row)) for x in row if x]
  return 1 + sum(x / total * log for x, log in zip([x for x in row if x], logs))


def test_concentration_equals_a_loop_implementation():
  rows = np.random.default_rng(0).uniform(size=(6, 5))
  rows[0] = 0
  rows[1, 1:] = 0
  rows[2] = 3
  result = concentration(rows)
  np.testing.assert_allclose(
    result, [slow_concentration(row) for row in rows], atol=1e-12
  )
  np.testing.assert_allclose(result[:3], [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize("name", ["trained", "rotated", "more"])
def test_entropies_are_those_of_disentanglement_lib(name):
  """Compares entropies of their importances; unused columns are skipped.

  They add 1e-11 to each importance, which changes columns of nearly 0.
  """
  theirs = ORIGINAL[name]
  importances = np.array(theirs["importances"])
  columns = concentration(importances)
  factors = concentration(importances.T)
  used = importances.sum(axis=1) > 1e-3
  for ours, expected in (
    (columns[used], np.array(theirs["disentanglement_per_code"])[used]),
    (factors, theirs["completeness_per_factor"]),
    (
      weighted_mean(columns, importances.sum(axis=1)),
      theirs["disentanglement"],
    ),
    (
      weighted_mean(factors, importances.sum(axis=0)),
      theirs["completeness"],
    ),
  ):
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-8)


def test_forests_score_nearly_as_boosted_trees_do():
  """Two learners on one split: within 0.05, importances within 0.12."""
  codes = scored_codes.trained()
  for name, means, factors in (
    ("trained", codes["means"], codes["factors"]),
    ("rotated", scored_codes.rotated(), scored_codes.grid()),
    ("more", scored_codes.more(), scored_codes.grid()),
  ):
    ours, theirs = dci(means, factors), ORIGINAL[name]
    np.testing.assert_allclose(
      ours[:3],
      [
        theirs[key]
        for key in ("disentanglement", "completeness", "informativeness_test")
      ],
      atol=0.05,
    )
    np.testing.assert_allclose(
      ours.importances, theirs["importances"], atol=0.12
    )


@pytest.mark.parametrize(
  ("name", "expected"),
  [
    ("perfect", (1, 1, 1)),
    ("permuted", (1, 1, 1)),
    ("with_constant", (1, 1, 1)),
    ("more", (1, 1, 1)),
    ("rotated", (1 / 2, 1 / 2, 1)),  # log 2 / log 4
    ("duplicated", (1, 2 / 3, 1)),  # each factor is in two of 8 columns
    # Two factors are encoded; two are guessed from both columns equally.
    ("fewer", (1 / 4, 1 / 2, (1 + 1 + 1 / 5 + 1 / 6) / 4)),
    ("noise", (0, 0, (1 / 3 + 1 / 4 + 1 / 5 + 1 / 6) / 4)),
  ],
)
def test_scores_of_known_codes(name, expected):
  means = getattr(scored_codes, name)()
  result = score(means, num_trees=30)
  np.testing.assert_allclose(result[:3], expected, atol=0.03)
  np.testing.assert_allclose(result.importances.sum(axis=0), 1)
  np.testing.assert_allclose(
    result.column_disentanglement @ result.importances.sum(axis=1) / 4,
    result.disentanglement,
  )
  np.testing.assert_allclose(
    result.factor_completeness.mean(), result.completeness
  )


def test_importances_have_a_row_for_each_column():
  result = score(scored_codes.permuted())
  expected = np.eye(4)[[2, 0, 3, 1]]
  np.testing.assert_allclose(result.importances, expected, atol=0.02)


def test_an_unused_column_has_no_weight():
  result = score(scored_codes.with_constant())
  assert result.column_disentanglement[4] == 0
  np.testing.assert_array_equal(result.importances[4], 0)


def test_a_constant_factor_is_left_out():
  plain = score(scored_codes.perfect())
  result = score(
    scored_codes.perfect(), scored_codes.with_constant_factor()[:, ::-1]
  )
  np.testing.assert_array_equal(result.factors, [1, 2, 3, 4])
  np.testing.assert_allclose(result.importances, plain.importances[:, ::-1])


def test_categories_of_a_column_are_summed():
  factors, means = scored_codes.grid(), scored_codes.perfect()
  result = score(means[:, 1:], categories=factors[:, 0])
  np.testing.assert_allclose(result[:3], 1, atol=0.02)
  expected = np.eye(4)[[1, 2, 3, 0]]
  np.testing.assert_allclose(result.importances, expected, atol=0.02)
  result = score(None, categories=factors[:, [3, 0, 1, 2]])
  np.testing.assert_allclose(result[:3], 1, atol=0.02)
  expected = np.eye(4)[[3, 0, 1, 2]]
  np.testing.assert_allclose(result.importances, expected, atol=0.02)


def test_informativeness_is_measured_on_held_out_examples():
  """Deep trees fit noise perfectly on the training examples."""
  result = score(scored_codes.noise(), max_depth=50)
  assert result.informativeness < 0.35


def test_no_columns_or_constant_columns_score_0():
  none = score(None)
  assert none[:3] == (0, 0, 0)
  assert none.importances.shape == (0, 4)
  constant = score(np.full((1440, 2), 0.1))
  assert constant[:2] == (0, 0)
  assert constant.informativeness < 0.35


@pytest.mark.parametrize("name", ["perfect", "noise"])
def test_what_one_factor_or_one_column_cannot_miss_is_undefined(name):
  """Noise would score 1 there; completeness of one factor is still about 0."""
  factors, means = scored_codes.grid(), getattr(scored_codes, name)()
  of_factor = score(means, factors[:, :1])
  assert np.isnan(of_factor.disentanglement)
  expected = {"perfect": (1, 1), "noise": (0, 1 / 3)}[name]
  np.testing.assert_allclose(of_factor[1:3], expected, atol=0.05)
  of_column = score(means[:, :1])
  assert np.isnan(of_column.completeness)
  assert 0 <= of_column.disentanglement < 0.5


def test_two_examples_are_enough():
  factors = np.array([[0, 1], [1, 0]])
  result = score(factors / 2, factors)
  # Fitted to one example, and wrong on the other.
  assert result[:3] == (0, 0, 0)


def test_forests_on_all_cores_equal_those_grown_tree_after_tree():
  factors, means = scored_codes.grid(), scored_codes.noise()
  result = score(means, seed=2)
  order = np.random.default_rng(2).permutation(len(factors))
  test, train = np.split(order, [288])
  inputs = StandardScaler().fit_transform(means)
  for k, values in enumerate(factors.T):
    forest = RandomForestClassifier(
      5, max_depth=8, max_features=None, random_state=2, n_jobs=1
    ).fit(inputs[train], values[train])
    importances = forest.feature_importances_
    np.testing.assert_array_equal(result.importances[:, k], importances)
    assert result.accuracies[k] == forest.score(inputs[test], values[test])


def test_the_seed_determines_the_score():
  means = scored_codes.noise()
  first, again, other = (score(means, seed=seed) for seed in (4, 4, 5))
  np.testing.assert_array_equal(first.importances, again.importances)
  assert (first.importances != other.importances).any()


def test_the_seed_determines_the_held_out_examples():
  """Two of ten are held out; the rare one is predicted wrongly."""
  rare = np.eye(10, dtype=int)[:, :1]
  result = {score(rare * 0.0, rare, seed=k).informativeness for k in range(20)}
  assert result == {0.5, 1}


def test_malformed_input_is_named():
  for name in ("num_trees", "max_depth"):
    with pytest.raises(ValueError, match=f"{name} must be an integer"):
      score(None, **{name: 0})
  with pytest.raises(ValueError, match="seed must be an integer"):
    score(None, seed=-1)
  with pytest.raises(ValueError, match="means must have shape"):
    score(np.zeros(1440))


def test_many_values_cause_no_warnings():
  factors = np.stack([np.arange(60), np.arange(60) % 3], axis=1)
  result = dci(factors.astype(float), factors)  # warnings are errors in tests
  assert result.accuracies[0] == 0
