"""Mutual information gaps, of means and of whole posteriors."""

import itertools

import numpy as np
import pytest
from scipy.stats import norm

from cascade_jax.metrics.mig import (
  mutual_information_gap,
  robust_mutual_information_gap,
)
from tests.helpers import scored_codes, stored_scores

BOTH = (mutual_information_gap, robust_mutual_information_gap)


@pytest.mark.parametrize("gap", BOTH)
@pytest.mark.parametrize(
  ("name", "low", "high"),
  [
    ("perfect", 0.99, 1.0),
    ("permuted", 0.95, 1.0),
    ("rotated", 0.0, 0.01),
    ("duplicated", 0.0, 1e-9),
    ("with_constant", 0.99, 1.0),
    ("noise", 0.0, 0.01),
    ("more", 0.9, 0.99),  # noise has some information by chance
  ],
)
def test_known_codes(gap, name, low, high):
  result = gap(getattr(scored_codes, name)(), scored_codes.grid())
  assert low <= result.score <= high
  assert result.score == pytest.approx(result.gaps.mean())


@pytest.mark.parametrize("gap", BOTH)
def test_factors_without_a_column_have_no_gap(gap):
  result = gap(scored_codes.fewer(), scored_codes.grid())
  np.testing.assert_allclose(result.gaps, [1, 1, 0, 0], atol=0.01)


@pytest.mark.parametrize("gap", BOTH)
def test_categories_are_columns(gap):
  factors = scored_codes.grid()
  result = gap(
    scored_codes.perfect()[:, [0, 1, 3]], factors, categories=factors[:, 2]
  )
  np.testing.assert_allclose(result.gaps, 1, atol=0.01)
  assert result.information[:, 2].argmax() == 3
  result = gap(None, factors, categories=factors)
  np.testing.assert_allclose(result.gaps, 1)
  twice = np.column_stack([factors, factors[:, 1]])
  np.testing.assert_allclose(
    gap(None, factors, categories=twice).gaps, [1, 0, 1, 1], atol=1e-12
  )


@pytest.mark.parametrize("gap", BOTH)
def test_a_single_column_or_none(gap):
  factors = scored_codes.grid()
  result = gap(None, factors, categories=factors[:, 3])
  np.testing.assert_allclose(result.gaps, [0, 0, 0, 1], atol=1e-12)
  result = gap(None, factors)
  assert result.score == 0.0
  assert result.information.shape == (0, 4)


@pytest.mark.parametrize("gap", BOTH)
def test_a_constant_factor_is_left_out(gap):
  result = gap(scored_codes.perfect(), scored_codes.with_constant_factor())
  assert result.factors.tolist() == [0, 1, 2, 3]
  assert result.score == gap(scored_codes.perfect(), scored_codes.grid()).score


@pytest.mark.parametrize(
  "name",
  ["trained", "trained_with_categories", "perfect", "rotated", "with_constant"],
)
def test_mig_equals_disentanglement_lib(name):
  means, factors, categories = stored_scores.codes(name)
  result = mutual_information_gap(means, factors, categories=categories)
  stored = stored_scores.values()[f"{name}/mig"]
  assert result.score == pytest.approx(stored, rel=1e-6)


def slow_information(means, scales, values, low, high, num_bins):
  """Returns I(bin; value) of one column, looping over bins and values."""
  edges = np.linspace(low, high, num_bins + 1)
  edges[0], edges[-1] = -np.inf, np.inf
  total = 0.0
  for below, above in itertools.pairwise(edges):
    mass = norm.cdf(above, means, scales) - norm.cdf(below, means, scales)
    for value in set(values.tolist()):
      joint = np.mean(mass * (values == value))
      if joint:
        apart = np.mean(mass) * np.mean(values == value)
        total += joint * np.log(joint / apart)
  return total


def test_rmig_equals_a_loop_implementation():
  rng = np.random.default_rng(0)
  factors = rng.integers([2, 3], size=(150, 2))
  means = factors + rng.standard_normal((150, 2))
  scales = rng.uniform(0.05, 2.0, size=(150, 2))
  result = robust_mutual_information_gap(
    means, factors, scales=scales, value_range=(-1.0, 2.0), num_bins=7
  )
  expected = [
    [slow_information(m, s, k, -1.0, 2.0, 7) for k in factors.T]
    for m, s in zip(means.T, scales.T)
  ]
  np.testing.assert_allclose(result.information, expected, rtol=1e-9)
  np.testing.assert_allclose(
    result.gaps, np.ptp(expected, axis=0) / result.factor_entropies
  )


def test_rmig_does_not_depend_on_the_chunk_size(monkeypatch):
  means, factors = scored_codes.rotated(), scored_codes.grid()
  scales = np.full(means.shape, 0.2)
  whole = robust_mutual_information_gap(means, factors, scales=scales)
  monkeypatch.setattr("cascade_jax.metrics.mig._CHUNK", 101)
  parts = robust_mutual_information_gap(means, factors, scales=scales)
  np.testing.assert_allclose(parts.information, whole.information)


def test_narrow_posteriors_are_points_and_wide_ones_have_no_information():
  means, factors = scored_codes.perfect(), scored_codes.grid()
  points = robust_mutual_information_gap(means, factors)
  narrow = robust_mutual_information_gap(
    means, factors, scales=np.full(means.shape, 1e-7)
  )
  np.testing.assert_allclose(narrow.information, points.information)
  scales = np.full(means.shape, 0.3)
  scales[:, 1] = 1e4
  result = robust_mutual_information_gap(means, factors, scales=scales)
  assert result.gaps[1] == pytest.approx(0, abs=1e-6)
  assert (result.gaps[[0, 2, 3]] < points.gaps[[0, 2, 3]]).all()


def test_rmig_is_undefined_for_means_outside_its_range():
  means, factors = scored_codes.perfect(), scored_codes.grid()
  robust_mutual_information_gap(means + 2.5, factors)
  for changed in (means * 1e6, means + 1e8):
    with pytest.raises(ValueError, match="most means of dimension . "):
      robust_mutual_information_gap(changed, factors)


def test_rmig_ignores_the_unused_dimensions_of_a_vae():
  """Their means have some information, but their posteriors are the prior."""
  codes = scored_codes.trained()
  unused = codes["scales"].mean(axis=0) > 0.5
  assert unused.sum() == 3
  result = robust_mutual_information_gap(
    codes["means"], codes["factors"], scales=codes["scales"]
  )
  assert result.information[unused].max() < 0.02
  result = robust_mutual_information_gap(codes["means"], codes["factors"])
  assert result.information[unused].max() > 0.1


@pytest.mark.parametrize(
  ("name", "within"),
  # The authors approximate the mean density of a bin by that at its centre,
  # which is accurate only for posteriors at least as wide as four bins.
  [("perfect_wide", 0.001), ("trained", 0.06)],
)
def test_rmig_is_close_to_the_values_of_its_authors(name, within):
  stored = stored_scores.values()
  if name == "trained":
    codes = scored_codes.trained()
    settings = {"scales": codes["scales"]}
    means, factors = codes["means"], codes["factors"]
  else:
    means, factors = scored_codes.perfect(), scored_codes.grid()
    settings = {
      "scales": np.full(means.shape, 0.3),
      "value_range": (-8.0, 8.0),
      "num_bins": 400,
    }
  result = robust_mutual_information_gap(means, factors, **settings)
  np.testing.assert_allclose(
    result.information, stored[f"{name}/rmig_information"], atol=within
  )
  np.testing.assert_allclose(result.gaps, stored[f"{name}/rmig"], atol=0.005)


@pytest.mark.parametrize(
  ("changes", "message"),
  [
    ({"scales": np.ones((1440, 3))}, "scales must have the shape"),
    ({"scales": np.zeros((1440, 4))}, "scales must be positive"),
    ({"scales": np.full((1440, 4), np.nan)}, "scales must be positive"),
    ({"value_range": (1.0, -1.0)}, "value_range must be"),
    ({"value_range": (0.0, np.inf)}, "value_range must be"),
    ({"value_range": (0.0, 1.0, 2.0)}, "value_range must be"),
    ({"num_bins": 1}, "num_bins must be an integer"),
  ],
)
def test_malformed_input_is_named(changes, message):
  with pytest.raises(ValueError, match=message):
    robust_mutual_information_gap(
      scored_codes.perfect(), scored_codes.grid(), **changes
    )
