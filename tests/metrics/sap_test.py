"""Separated attribute predictability."""

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from cascade_jax.metrics.held_out import held_out
from cascade_jax.metrics.sap import sap
from tests.helpers import scored_codes, stored_scores


def loop_implementation(inputs, values):
  """Returns the accuracy of one SVM for each value; the largest wins."""
  test = held_out(values, 0)
  lines = []
  for value in range(values.max() + 1):
    is_it = values[~test] == value
    # Classes are balanced over all values, not over the two of this SVM.
    weights = {True: 1.0, False: 1.0}
    share = (values.max() + 1) * is_it.mean()
    weights[True] = 1 / share
    classifier = LinearSVC(C=0.01, class_weight=weights, dual=False)
    classifier.fit(inputs[~test], is_it)
    lines.append(classifier.decision_function(inputs[test]))
  right = 0
  for example, value in enumerate(values[test]):
    right += int(np.argmax([line[example] for line in lines])) == value
  return right / test.sum()


def test_it_equals_a_loop_implementation():
  """Uses a full grid, in which all classes have the same weight."""
  means, factors = scored_codes.rotated(), scored_codes.grid()
  result = sap(means, factors)
  for column in range(2):
    inputs = means[:, [column]] - means[:, column].mean()
    inputs /= inputs.std()
    for factor in range(2):
      assert result.accuracies[column, factor] == pytest.approx(
        loop_implementation(inputs, factors[:, factor])
      )


def test_the_gap_is_between_the_best_two_columns():
  result = sap(scored_codes.more(), scored_codes.grid())
  ordered = np.sort(result.accuracies, axis=0)
  np.testing.assert_allclose(result.gaps, ordered[-1] - ordered[-2])
  assert result.score == pytest.approx(result.gaps.mean())


@pytest.mark.parametrize(
  ("name", "expected"),
  [
    # A line separates 3 and 4 values fully, and 5 and 6 partly.
    ("perfect", [2 / 3, 3 / 4, 0.2, 0.17]),
    ("permuted", [2 / 3, 3 / 4, 0.2, 0.17]),
    ("with_constant", [2 / 3, 3 / 4, 0.2, 0.17]),
    ("more", [2 / 3, 3 / 4, 0.2, 0.17]),
    ("fewer", [2 / 3, 3 / 4, 0, 0]),
    ("rotated", [0, 0, 0, 0]),
    ("noise", [0, 0, 0, 0]),
    ("duplicated", [0, 0, 0, 0]),
  ],
)
def test_known_codes(name, expected):
  result = sap(getattr(scored_codes, name)(), scored_codes.grid())
  np.testing.assert_allclose(result.gaps, expected, atol=0.07)


def test_units_do_not_matter():
  means, factors = scored_codes.perfect(), scored_codes.grid()
  result = sap(means * [1e-6, 1.0, 1e6, -3.0] + [1, -50, 0, 4], factors)
  np.testing.assert_allclose(
    result.accuracies, sap(means, factors).accuracies, atol=0.01
  )


def test_categories_are_one_column_each():
  factors = scored_codes.grid()
  result = sap(None, factors, categories=factors)
  np.testing.assert_allclose(np.diag(result.accuracies), 1)
  np.testing.assert_allclose(
    result.gaps, 1 - 1 / np.array(scored_codes.SIZES), atol=0.07
  )
  result = sap(scored_codes.perfect()[:, :3], factors, categories=factors[:, 3])
  assert result.accuracies.shape == (4, 4)
  assert result.gaps[3] > 0.7


def test_a_single_column_or_none():
  """The gap is then to an uninformative column."""
  factors = scored_codes.grid()
  result = sap(scored_codes.perfect()[:, :1], factors)
  assert result.accuracies.shape == (1, 4)
  np.testing.assert_allclose(result.gaps, [2 / 3, 0, 0, 0], atol=0.04)
  result = sap(None, factors)
  assert result.score == 0.0
  assert result.accuracies.shape == (0, 4)


def test_a_constant_factor_is_left_out():
  result = sap(scored_codes.perfect(), scored_codes.with_constant_factor())
  assert result.factors.tolist() == [0, 1, 2, 3]
  assert result.score == sap(scored_codes.perfect(), scored_codes.grid()).score


@pytest.mark.parametrize(
  "name", ["trained", "perfect", "rotated", "noise", "with_constant"]
)
def test_it_equals_disentanglement_lib_on_standardised_columns(name):
  means, factors, _ = stored_scores.codes(name)
  result = sap(means, factors)
  stored = stored_scores.values()
  np.testing.assert_allclose(
    result.accuracies, stored[f"{name}/sap_accuracies_standardised"], rtol=1e-6
  )
  assert result.score == pytest.approx(stored[f"{name}/sap_standardised"])


def test_it_is_close_to_disentanglement_lib_on_columns_of_any_scale():
  """The unused columns of `trained` have a small variance; see `sap`."""
  means, factors, _ = stored_scores.codes("trained")
  stored = stored_scores.values()["trained/sap_raw"]
  assert sap(means, factors).score == pytest.approx(stored, abs=0.01)


def test_the_seed_determines_the_held_out_examples():
  means, factors = scored_codes.noise(), scored_codes.grid()
  assert sap(means, factors, seed=1).score == sap(means, factors, seed=1).score
  assert sap(means, factors, seed=1).score != sap(means, factors, seed=2).score


def test_malformed_input_is_named():
  means, factors = scored_codes.perfect(), scored_codes.grid()
  with pytest.raises(ValueError, match="seed must be"):
    sap(means, factors, seed=0.5)
  factors[0, 1] = 17
  with pytest.raises(ValueError, match="at least 2 examples"):
    sap(means, factors)
