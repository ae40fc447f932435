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


@pytest.mark.parametrize(
  ("count", "figures"), [(500, (0.16, 0.18, 0.54)), (2000, (0.19, 0.24, 0.64))]
)
def test_dci_grows_with_the_number_of_examples(codes, count, figures):
  """Means over three draws of examples."""
  draws = [np.random.default_rng(k).permutation(2000)[:count] for k in range(3)]
  means, factors = codes
  results = [metrics.dci(means[rows], factors[rows])[:3] for rows in draws]
  assert np.mean(results, axis=0) == near(np.array(figures))


def turned(degrees):
  """The perfect columns, mixed in pairs."""
  angle = np.deg2rad(degrees)
  turn = np.array(
    [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
  )
  means = scored_codes.perfect()
  return np.concatenate([means[:, :2] @ turn, means[:, 2:] @ turn], axis=1)


def rough():
  """The perfect columns with noise of half their standard deviation."""
  means = scored_codes.perfect()
  return means + 0.5 * np.random.default_rng(3).standard_normal(means.shape)


@pytest.mark.parametrize(
  ("means", "mig", "dci"),
  [
    (rough(), 0.51, 0.35),
    (turned(25), 0.11, 0.51),
    (scored_codes.duplicated(), 0, 1),
  ],
)
def test_a_disentanglement_score_of_1_leaves_room_below(means, mig, dci):
  """MIG and DCI ask for more, as the report of a run says."""
  factors = scored_codes.grid()
  assert metrics.disentanglement_score(means, factors).score == 1
  assert metrics.mutual_information_gap(means, factors).score == near(mig)
  assert metrics.dci(means, factors).disentanglement == near(dci)


def test_noise_has_a_modularity_and_a_robustness():
  noise, factors = scored_codes.noise(), scored_codes.grid()
  assert metrics.modularity(noise, factors).score == near(0.67)
  assert metrics.interventional_robustness(noise, factors).score == near(0.27)
  assert metrics.interventional_robustness(noise, factors[:, :1]).score == near(
    0.26
  )


def test_beta_vae_score_with_and_without_standardised_points(codes):
  assert metrics.beta_vae_score(*codes).score == near(0.98)
  assert LIBRARY["beta_vae"]["trained"] == near(0.94)


@pytest.mark.parametrize("name", ["trained", "rotated", "noise", "fewer"])
def test_mean_disentanglement_scores_over_seeds(name):
  ours = np.mean(stored_scores.dlib_scores_over_seeds(name))
  stored = stored_scores.values("disentanglement_lib_c.json")[name]
  distance = abs(ours - stored["own_votes"]["mean"])
  assert distance < (0.03 if name == "rotated" else 0.0055)
