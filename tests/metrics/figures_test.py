"""The numbers in docs/metrics.md, computed again from the same codes."""

import numpy as np
import pytest

from cascade_jax import metrics
from tests.helpers import scored_codes, stored_scores

LIBRARY = stored_scores.values("disentanglement_lib_b.json")


def near(figure, digits=2):
  """Matches values that round to the figure or nearly do."""
  return pytest.approx(figure, abs=0.55 * 10**-digits)


@pytest.fixture
def codes():
  arrays = scored_codes.trained()
  return arrays["means"], arrays["factors"]


@pytest.mark.parametrize(("num_bins", "figure"), [(5, 0.14), (40, 0.23)])
def test_mig_with_few_and_many_bins(codes, num_bins, figure):
  result = metrics.mutual_information_gap(*codes, num_bins=num_bins)
  assert result.score == near(figure)


def test_dci_with_three_learners(codes):
  assert metrics.dci(*codes).disentanglement == near(0.19)
  assert metrics.dci(*codes, max_depth=4).disentanglement == near(0.51)
  assert LIBRARY["dci"]["trained"]["disentanglement"] == near(0.24)


def test_beta_vae_score_with_and_without_standardised_points(codes):
  assert metrics.beta_vae_score(*codes).score == near(0.98)
  assert LIBRARY["beta_vae"]["trained"] == near(0.94)


@pytest.mark.parametrize("name", ["trained", "rotated", "noise", "fewer"])
def test_mean_disentanglement_scores_over_seeds(name):
  ours = np.mean(stored_scores.dlib_scores_over_seeds(name))
  stored = stored_scores.values("disentanglement_lib_c.json")[name]
  distance = abs(ours - stored["own_votes"]["mean"])
  assert distance < (0.03 if name == "rotated" else 0.0055)
