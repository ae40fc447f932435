"""The figures of docs/metrics.md, each from the codes that it is of."""

import numpy as np
import pytest

from cascade_jax import metrics
from tests.helpers import scored_codes, stored_scores

LIBRARY = stored_scores.values("disentanglement_lib_b.json")


def near(figure, digits=2):
  """What rounds to the figure, or lies at the edge."""
  return pytest.approx(figure, abs=0.55 * 10**-digits)


@pytest.fixture
def codes():
  arrays = scored_codes.trained()
  return arrays["means"], arrays["factors"]


@pytest.mark.parametrize(("num_bins", "figure"), [(5, 0.14), (40, 0.23)])
def test_mig_of_few_and_of_many_bins(codes, num_bins, figure):
  found = metrics.mutual_information_gap(*codes, num_bins=num_bins)
  assert found.score == near(figure)


def test_dci_of_three_learners(codes):
  assert metrics.dci(*codes).disentanglement == near(0.19)
  assert metrics.dci(*codes, max_depth=4).disentanglement == near(0.51)
  assert LIBRARY["dci"]["trained"]["disentanglement"] == near(0.24)


def test_beta_vae_score_on_standardised_points_and_others(codes):
  assert metrics.beta_vae_score(*codes).score == near(0.98)
  assert LIBRARY["beta_vae"]["trained"] == near(0.94)


@pytest.mark.parametrize("name", ["trained", "rotated", "noise", "fewer"])
def test_mean_disentanglement_scores_of_other_draws(name):
  means, factors, _ = stored_scores.codes(name)
  ours = np.mean(
    [
      metrics.disentanglement_score_dlib(means, factors, seed=seed).score
      for seed in range(10)
    ]
  )
  stored = stored_scores.values("disentanglement_lib_c.json")[name]
  apart = abs(ours - stored["own_votes"]["mean"])
  assert apart < (0.03 if name == "rotated" else 0.0055)
