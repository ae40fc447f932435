"""Unsupervised disentanglement ranking."""

import itertools
import json

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import Lasso

from cascade_jax.metrics import udr
from tests.helpers import scored_codes

ORIGINAL = json.loads(
  (scored_codes.FIXTURES / "disentanglement_lib_b.json").read_text()
)["udr"]


def models():
  """Returns codes of one network: original, reordered, mixed, and noisy."""
  codes = scored_codes.trained()
  means, scales = codes["means"].astype(float), codes["scales"].astype(float)
  kl = ((means**2 + scales**2 - 1) / 2 - np.log(scales)).mean(axis=0)
  order = [3, 1, 0, 5, 4, 2]
  turn = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
  mixed = means.copy()
  mixed[:, [0, 3]] = means[:, [0, 3]] @ turn
  jitter = np.random.default_rng(0).standard_normal(means.shape)
  nearly = np.exp(means / 2) + 0.5 * jitter
  return (
    [means, -means[:, order], mixed, nearly],
    [kl, kl[order], kl, np.where(kl > 3, kl, 0.001)],
  )


def slow_spearman(first, second):
  return np.array(
    [[abs(stats.spearmanr(a, b).statistic) for b in second.T] for a in first.T]
  )


def slow_strength(similarities):
  """Returns the average of mean max^2 / sum over rows and over columns."""
  rows, columns = (
    [max(line) ** 2 / sum(line) if sum(line) else 0.0 for line in lines]
    for lines in (similarities, similarities.T)
  )
  return (sum(rows) / len(rows) + sum(columns) / len(columns)) / 2


def rank(means, kl=None, **options):
  kl = [np.ones(codes.shape[1]) for codes in means] if kl is None else kl
  return udr.unsupervised_disentanglement_ranking(means, kl, **options)


def test_it_equals_a_loop_implementation():
  means, kl = models()
  kept = [codes[:, nats > 0.01] for codes, nats in zip(means, kl)]
  result = rank(means, kl)
  for i, j in itertools.permutations(range(4), 2):
    expected = slow_strength(slow_spearman(kept[i], kept[j]))
    np.testing.assert_allclose(result.pairwise[i, j], expected)
  for i in range(4):
    others = [result.pairwise[j, i] for j in range(4) if j != i]
    assert result.scores[i] == np.median(others)
  np.testing.assert_array_equal(result.num_informative, [3, 3, 3, 2])


@pytest.mark.parametrize("similarity", ["spearman", "lasso"])
def test_scores_equal_disentanglement_lib(similarity):
  expected = ORIGINAL[similarity]
  result = rank(*models(), similarity=similarity)
  pairwise = np.nan_to_num(result.pairwise)
  np.testing.assert_allclose(
    pairwise, expected["pairwise_disentanglement_scores"], rtol=1e-6
  )
  np.testing.assert_allclose(result.scores, expected["model_scores"], rtol=1e-6)


@pytest.mark.parametrize("similarity", ["spearman", "lasso"])
@pytest.mark.parametrize(("i", "j"), [(0, 2), (3, 1)])
def test_similarities_equal_disentanglement_lib(similarity, i, j):
  """Their matrices have zeros for uninformative dimensions."""
  means, kl = models()
  prepare, resemble = udr._SIMILARITIES[similarity]
  first, second = (prepare(means[k][:, kl[k] > 0.01]) for k in (i, j))
  expected = np.array(ORIGINAL[similarity][f"raw_correlations_{i}_{j}"])
  expected = expected[kl[i] > 0.01][:, kl[j] > 0.01]
  np.testing.assert_allclose(
    resemble(first, second), expected, rtol=1e-6, atol=1e-9
  )


def test_the_lasso_predicts_the_second_model_from_the_first():
  first, second = (udr._standardise(codes) for codes in models()[0][2:])
  for j, column in enumerate(second.T):
    np.testing.assert_allclose(
      udr._lasso_coefficients(first, second)[:, j],
      np.abs(Lasso(alpha=0.1).fit(first, column).coef_),
    )


def test_order_sign_and_scale_of_columns_do_not_matter():
  perfect, permuted = scored_codes.perfect(), scored_codes.permuted()
  assert rank([perfect, permuted]).scores.min() > 0.98
  lasso = rank([perfect, permuted], similarity="lasso").scores
  np.testing.assert_allclose(lasso, 0.9, atol=1e-3)  # shrunk by the penalty


def test_an_entangled_model_ranks_last():
  perfect, rotated = scored_codes.perfect(), scored_codes.rotated()
  models = [perfect, rotated, scored_codes.permuted(), 2 * perfect + 1]
  for similarity in ("spearman", "lasso"):
    scores = rank(models, similarity=similarity).scores
    assert np.delete(scores, 1).min() > scores[1] + 0.3
  assert rank([perfect, scored_codes.noise()]).scores.max() < 0.05


def test_uninformative_columns_do_not_count():
  perfect, noise = scored_codes.perfect(), scored_codes.noise()
  models = [perfect, np.concatenate([perfect, noise], axis=1)]
  kl = [np.ones(4), np.repeat([1, 0.01], 4)]
  assert rank(models, kl).scores[0] == rank([perfect, perfect]).scores[0]
  assert rank(models, kl, kl_threshold=0.001).scores[0] < 0.9
  nothing = [np.ones(4), np.zeros(8)]
  for similarity in ("spearman", "lasso"):
    scores = rank(models, nothing, similarity=similarity).scores
    np.testing.assert_array_equal(scores, 0)


@pytest.mark.parametrize("similarity", ["spearman", "lasso"])
def test_a_constant_column_resembles_nothing(similarity):
  perfect = scored_codes.perfect()
  constant = np.column_stack([perfect, np.full(len(perfect), 0.1)])
  whole, partly = (
    rank([perfect, codes], similarity=similarity).scores[0]
    for codes in (perfect, constant)
  )
  # One of the two means is over 5 columns instead of 4.
  np.testing.assert_allclose(partly, whole * (1 + 4 / 5) / 2)
  still = np.full_like(perfect, 0.1)
  scores = rank([still, still], similarity=similarity).scores
  np.testing.assert_array_equal(scores, 0)


def test_malformed_input_is_named():
  codes, kl = np.zeros((5, 2)), np.ones(2)
  for means, nats, options, message in (
    ([codes], [kl], {}, "two or more models"),
    ([codes, codes], [kl], {}, "same two or more models, got 2 and 1"),
    ([codes, codes[1:]], [kl, kl], {}, "means must have shape"),
    ([codes, codes * np.nan], [kl, kl], {}, "NaN or infinity"),
    ([codes, codes], [kl, kl[1:]], {}, "model 1 .*: kl must have one entry"),
    ([codes, codes], [kl, kl * np.nan], {}, "model 1 .*: kl must be finite"),
    ([codes, codes], [kl, kl], {"similarity": "r"}, "similarity must be one"),
    ([codes, codes], [kl, kl], {"kl_threshold": -1}, "kl_threshold must be a"),
  ):
    with pytest.raises(ValueError, match=message):
      rank(means, nats, **options)
