"""The metric of the beta-VAE paper."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cascade_jax.metrics import beta_vae, disentanglement
from cascade_jax.metrics.columns import (
  checked_columns,
  varying_factors,
)
from tests.helpers import scored_codes

ORIGINAL = json.loads(
  (scored_codes.FIXTURES / "disentanglement_lib_b.json").read_text()
)["beta_vae"]


def trained():
  codes = scored_codes.trained()
  return codes["means"], codes["factors"], codes["categories"]


def score(means, factors=None, **options):
  factors = scored_codes.grid() if factors is None else factors
  options = {"num_train": 2000, "num_test": 1000, **options}
  return beta_vae.beta_vae_score(means, factors, **options).score


def test_points_equal_a_loop_implementation():
  means, factors, categories = trained()
  factors = factors[:, varying_factors(factors)]
  codes, _ = checked_columns(means, factors, categories)
  points, shared = beta_vae.draw_points(
    codes, factors, 30, 5, np.random.default_rng(3)
  )
  rng = np.random.default_rng(3)
  expected_shared = sorted(rng.integers(4, size=30))
  assert list(shared) == expected_shared
  expected = []
  for factor in range(4):
    count = expected_shared.count(factor)
    pairs = disentanglement.draw_votes(factors[:, factor], count * 5, 2, rng)
    assert all(factors[i, factor] == factors[j, factor] for i, j in pairs)
    for point in range(count):
      differences = [
        [*abs(codes.means[i] - codes.means[j]), categories[i] != categories[j]]
        for i, j in pairs[5 * point : 5 * point + 5]
      ]
      expected.append(np.mean(differences, axis=0))
  np.testing.assert_allclose(points, expected)


def test_points_from_several_chunks_are_consistent():
  codes, factors = checked_columns(scored_codes.perfect(), scored_codes.grid())
  points, shared = beta_vae.draw_points(
    codes, factors[:, :2], 5000, 3, np.random.default_rng(0)
  )
  assert points.shape == (5000, 4)
  assert points[shared == 0, 0].max() < 0.1 < points[shared == 1, 0].max()
  assert points[shared == 1, 1].max() < 0.1 < points[shared == 0, 1].max()


@pytest.mark.parametrize("name", ["perfect", "rotated", "fewer", "noise"])
def test_synthetic_codes_score_as_in_disentanglement_lib(name):
  """All columns have the same scale, so only the pairs differ: by 0.02."""
  result = beta_vae.beta_vae_score(
    getattr(scored_codes, name)(), scored_codes.grid()
  )
  assert result.score == pytest.approx(ORIGINAL[name], abs=0.02)


def test_trained_codes_score_as_in_disentanglement_lib_except_for_the_scaling():
  """Without standardised points, only the pairs differ: by 0.015."""
  means, factors, _ = trained()
  ours = beta_vae.beta_vae_score(means, factors).score
  assert ours == pytest.approx(0.976, abs=0.005)
  codes, factors = checked_columns(means, factors[:, [0, 1, 3, 4]])
  rng = np.random.default_rng(0)
  train, test = (
    beta_vae.draw_points(codes, factors, count, 64, rng)
    for count in (10_000, 5_000)
  )
  unscaled_score = LogisticRegression().fit(*train).score(*test)
  assert unscaled_score == pytest.approx(ORIGINAL["trained"], abs=0.015)


def test_scores_of_known_codes():
  assert score(scored_codes.perfect()) == 1
  assert score(scored_codes.permuted()) == 1
  assert score(scored_codes.duplicated()) == 1
  assert score(scored_codes.with_constant()) == 1
  assert score(scored_codes.more()) > 0.99
  # Fixing either of two mixed factors reduces both columns equally.
  assert score(scored_codes.rotated()) == pytest.approx(0.5, abs=0.08)
  # The classifier has to guess between the other two factors.
  assert score(scored_codes.fewer()) == pytest.approx(0.75, abs=0.05)
  assert score(scored_codes.noise()) == pytest.approx(0.25, abs=0.05)


def test_a_single_factor_without_a_column_is_still_recognised():
  assert score(scored_codes.perfect()[:, :3]) > 0.99


def test_scales_of_columns_do_not_matter():
  means = scored_codes.rotated()
  assert score(means * [1e-9, 1, 1e9, 1e3]) == pytest.approx(
    score(means), abs=2e-3
  )


def test_a_constant_factor_is_never_drawn():
  result = beta_vae.beta_vae_score(
    scored_codes.perfect(), scored_codes.with_constant_factor()[:, ::-1]
  )
  assert result.score == 1
  np.testing.assert_array_equal(result.factors, [1, 2, 3, 4])


def test_category_is_one_more_column():
  factors, means = scored_codes.grid(), scored_codes.perfect()
  assert score(means[:, 1:3]) < 0.8
  assert score(means[:, 1:3], categories=factors[:, 0]) > 0.99
  assert score(None, categories=factors) > 0.99
  assert score(*trained()[:2]) < score(*trained()[:2], categories=trained()[2])


def test_uninformative_columns_score_chance():
  factors = scored_codes.grid()
  assert score(None) == 1 / 4
  assert score(np.full((len(factors), 2), 0.1)) == pytest.approx(0.25, abs=0.05)


def test_the_confusion_matrix_shows_which_factors_are_confused():
  result = beta_vae.beta_vae_score(scored_codes.rotated(), scored_codes.grid())
  assert result.confusion.sum() == 5000
  assert result.score == result.confusion.trace() / 5000
  blocks = result.confusion.reshape(2, 2, 2, 2).sum(axis=(1, 3))
  assert blocks.trace() > 4990  # only mixed factors are confused


def test_rows_of_the_confusion_matrix_are_the_shared_factors():
  means, factors = scored_codes.fewer(), scored_codes.grid()
  codes, _ = checked_columns(means, factors)
  rng = np.random.default_rng(0)
  for count in (1_000, 500):
    _, shared = beta_vae.draw_points(codes, factors, count, 64, rng)
  confusion = beta_vae.beta_vae_score(
    means, factors, num_train=1_000, num_test=500
  ).confusion
  np.testing.assert_array_equal(confusion.sum(axis=1), np.bincount(shared))
  assert (confusion.sum(axis=0) != np.bincount(shared)).any()


def test_the_seed_determines_the_score():
  means = scored_codes.rotated()
  assert score(means, seed=4) == score(means, seed=4) != score(means, seed=5)


def test_malformed_input_is_named():
  factors = scored_codes.grid()
  with pytest.raises(ValueError, match="two that vary"):
    score(None, factors * [1, 0, 0, 0])
  for name, least in (("num_train", 100), ("num_test", 1), ("num_pairs", 1)):
    with pytest.raises(ValueError, match=f"{name} must be an integer"):
      score(None, **{name: least - 1})
  with pytest.raises(ValueError, match="seed must be an integer"):
    score(None, seed=-1)
