"""ModelCentrality: known answers, a loop, and what must not matter."""

import itertools

import numpy as np
import pytest

from cascade_jax.metrics import (
  MetricInputs,
  disentanglement_score,
  model_centrality,
)
from tests.helpers import scored_codes


def codes(means, **arrays):
  return MetricInputs(means=means, **arrays)


def trained(**changes):
  """The codes of one network and their KL, of 2,000 images."""
  arrays = scored_codes.trained()
  means, scales = arrays["means"].astype(float), arrays["scales"]
  kl = ((means**2 + scales**2 - 1) / 2 - np.log(scales)).mean(axis=0)
  inputs = codes(means, categories=arrays["categories"], kl=kl)
  return inputs._replace(**changes)


def slow_factors(model, num_bins, kl_threshold):
  """Counts, for each mean, the bins that end at or below it."""
  factors = []
  for column, nats in zip(model.means.T, model.kl):
    if nats > kl_threshold:
      ends = [np.quantile(column, k / num_bins) for k in range(1, num_bins)]
      factors.append([sum(end <= x for end in ends) for x in column])
  factors.append(model.categories.ravel())
  return np.array(factors).T


def test_it_equals_a_loop_implementation():
  rng = np.random.default_rng(0)
  first = trained()
  second = first._replace(
    means=first.means[:, ::-1] + rng.standard_normal(first.means.shape) / 2,
    kl=first.kl[::-1],
    categories=rng.permutation(first.categories),
  )
  third = first._replace(kl=np.where(first.kl > 3, first.kl, 0.3))
  models = [first, second, third]
  result = model_centrality(models, num_bins=7, kl_threshold=0.4, seed=3)
  expected = np.full((3, 3), np.nan)
  for i, j in itertools.permutations(range(3), 2):
    factors = slow_factors(models[i], 7, 0.4)
    score = disentanglement_score(
      models[j].means,
      factors,
      kl=models[j].kl,
      categories=models[j].categories,
      kl_threshold=0.4,
      seed=3,
    ).score
    chance = 1 / factors.shape[1]
    expected[i, j] = (score - chance) / (1 - chance)
    assert result.num_factors[i] == factors.shape[1]
  np.testing.assert_allclose(result.cross_scores, expected)
  assert len(np.unique(expected[np.isfinite(expected)])) > 4
  for i in range(3):
    pairs = [expected[i, j] + expected[j, i] for j in range(3) if j != i]
    np.testing.assert_allclose(result.scores[i], sum(pairs) / 4)


def test_models_that_agree_score_1_and_noise_scores_0():
  perfect, permuted = scored_codes.perfect(), scored_codes.permuted()
  result = model_centrality([codes(perfect), codes(permuted)])
  np.testing.assert_array_equal(result.scores, 1)
  np.testing.assert_array_equal(result.num_factors, 4)
  apart = model_centrality([codes(perfect), codes(scored_codes.noise())])
  # Columns without information win majorities by chance only.
  np.testing.assert_allclose(apart.scores, 0, atol=0.1)


def test_an_entangled_model_ranks_last():
  perfect, rotated = scored_codes.perfect(), scored_codes.rotated()
  models = [perfect, rotated, scored_codes.permuted(), 2 * perfect + 1]
  result = model_centrality([codes(means) for means in models])
  assert np.delete(result.scores, 1).min() > result.scores[1] + 0.15


def test_a_model_that_lacks_columns_scores_its_share():
  """Two of four columns get votes of half of the factors, as chance is 1/4."""
  whole = codes(scored_codes.perfect())
  result = model_centrality([whole, codes(scored_codes.fewer())])
  np.testing.assert_allclose(result.cross_scores[0, 1], (2 / 4 - 1 / 4) / 0.75)
  assert result.cross_scores[1, 0] == 1
  np.testing.assert_allclose(result.scores, 2 / 3)


def test_a_model_with_one_factor_or_none_scores_0_as_the_truth():
  whole = codes(scored_codes.perfect())
  for columns, num_factors in ((1, 1), (0, 0)):
    result = model_centrality([whole, codes(whole.means[:, :columns])])
    assert result.num_factors[1] == num_factors
    np.testing.assert_allclose(result.cross_scores[1, 0], 0)
    np.testing.assert_allclose(result.cross_scores[0, 1], 0)


def test_categories_are_factors_and_columns():
  grid = scored_codes.grid()
  one = codes(None, categories=grid[:, :2])
  other = codes(scored_codes.perfect()[:, 1:2], categories=2 - grid[:, 0])
  np.testing.assert_array_equal(model_centrality([one, other]).scores, 1)
  wrong = other._replace(
    categories=np.random.default_rng(0).permutation(grid[:, 0])
  )
  assert model_centrality([one, wrong]).scores.max() < 0.8


def test_order_sign_scale_and_labels_do_not_matter():
  first, second = trained(), trained(means=scored_codes.trained()["means"] ** 3)
  order = [3, 1, 0, 5, 4, 2]
  renamed = second._replace(
    means=-5 * second.means[:, order],
    kl=second.kl[order],
    categories=second.categories.max() - second.categories,
  )
  one, other = (
    model_centrality([first, model]).cross_scores for model in (second, renamed)
  )
  # Ties apart, the votes are the same ones; as the truth, others are drawn.
  np.testing.assert_allclose(one[0, 1], other[0, 1], atol=1e-12)
  np.testing.assert_allclose(one[1, 0], other[1, 0], atol=0.05)


def test_constant_and_uninformative_columns_do_not_count():
  perfect, noise = scored_codes.perfect(), scored_codes.noise()
  both = np.concatenate([perfect, noise, np.ones_like(perfect)], axis=1)
  more = codes(both, kl=np.repeat([1, 0.1, 1], 4))
  result = model_centrality([codes(perfect), more])
  np.testing.assert_array_equal(result.scores, 1)
  np.testing.assert_array_equal(result.num_factors, 4)
  noisy = model_centrality([codes(perfect), more], kl_threshold=0.05)
  assert noisy.scores.max() < 0.9 and noisy.num_factors[1] == 8


def test_malformed_input_is_named():
  one = codes(np.eye(5))
  for models, options, message in (
    ([one], {}, "two or more, got 1"),
    ([one, codes(np.eye(4))], {}, "of model 1 .*: means must have shape"),
    ([one, codes(np.nan * np.eye(5))], {}, "of model 1 .*: means hold NaN"),
    ([one, one._replace(kl=np.ones(4))], {}, "of model 1 .*: kl must have"),
    ([one, one._replace(categories=np.full(5, -1))], {}, "from 0, the least"),
    ([one, one], {"num_bins": 1}, "num_bins must be an integer of at least 2"),
    ([one, one], {"kl_threshold": -1}, "kl_threshold must be"),
    ([one, one], {"seed": -1}, "seed must be"),
  ):
    with pytest.raises(ValueError, match=message):
      model_centrality(models, **options)
