"""Merits of runs, and how they rank runs."""

import numpy as np
import pytest
from scipy import stats

from cascade_jax.evaluation import merits

EVALUATION = {
  "elbo_at_mean": -31.0,
  "reconstruction": 13.5,
  "information": {
    "dimension_information": [4.0, 2.5],
    "aggregate_total_correlation": 5.0,
  },
  "merits": {
    "category_balance": 0.9,
    "unary_gap": 20.0,
    "code_stability": 0.99,
  },
}


def test_merits_of_an_evaluation():
  found = merits.of_evaluation(EVALUATION)
  assert found == {
    "elbo_at_mean": -31.0,
    "reconstruction": 13.5,
    "dimension_information": 6.5,
    "total_correlation": 5.0,
    "category_balance": 0.9,
    "unary_gap": 20.0,
    "code_stability": 0.99,
  }
  assert [*found, "udr", "model_centrality"] == list(merits.MERITS)


def test_a_deterministic_encoder_lacks_some():
  without = EVALUATION | {"elbo_at_mean": None, "information": {}}
  found = merits.of_evaluation(without)
  assert found["elbo_at_mean"] is None
  assert found["dimension_information"] is None
  assert found["total_correlation"] is None


def test_the_best_comes_first_and_the_unknown_last():
  values = np.array([2.0, np.nan, 3.0, 2.0, 1.0])
  assert merits.order("udr", values).tolist() == [2, 0, 3, 4, 1]
  assert merits.order("reconstruction", values).tolist() == [4, 0, 3, 2, 1]


def test_correlations_have_the_sign_of_better():
  rng = np.random.default_rng(0)
  accuracy = rng.random(8)
  columns = {
    "udr": accuracy + 0.1 * rng.random(8),
    "reconstruction": rng.random(8),
    "total_correlation": -(accuracy**3),
  }
  labelled = {"accuracy": accuracy, "score": rng.random(8)}
  found = merits.correlations(columns, labelled)
  assert list(found) == list(columns)
  for merit, sign in (
    ("udr", 1),
    ("reconstruction", -1),
    ("total_correlation", -1),
  ):
    assert list(found[merit]) == ["accuracy", "score"]
    for name, values in labelled.items():
      expected = sign * stats.spearmanr(columns[merit], values).statistic
      assert found[merit][name].rho == pytest.approx(expected)
      assert found[merit][name].num_runs == 8
  assert found["total_correlation"]["accuracy"].rho == 1
