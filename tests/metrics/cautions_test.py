"""What to mind about scores that are defined."""

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.metrics.mig import robust_mutual_information_gap
from tests.helpers.scored_codes import trained_model

USED = [0, 3, 4]  # the three dimensions that are no noise


def bins_wide(width):
  """Returns the trained codes with posteriors of so many bins."""
  inputs = trained_model()
  means = inputs.means[:, USED]
  return inputs._replace(means=means, scales=np.full_like(means, width * 0.08))


def test_few_examples_of_a_value_are_named():
  factors = np.arange(100)[:, None] % 2
  inputs = metrics.MetricInputs(factors, factors + 0.5)
  assert metrics.cautions(inputs, ["mig"]) == {}
  few = np.column_stack([factors, np.arange(100) < 19])
  found = metrics.cautions(inputs._replace(factors=few), ["mig"])
  assert list(found) == ["factors"]
  assert "factor 1 (from 0) has a value with only 19 ex" in found["factors"]


def test_posteriors_far_narrower_than_a_bin_are_named():
  """Then the robust MIG is that of the bins, not of the posteriors."""
  for width, is_narrow in ((0.26, False), (0.24, True)):
    inputs = bins_wide(width)
    found = metrics.cautions(inputs, ["robust_mig", "mig"])
    assert ("robust_mig" in found) == is_narrow
    assert "robust_mig" not in metrics.cautions(inputs, ["mig"])
  assert "dimension(s) 0, 1, 2 (from 0)" in found["robust_mig"]
  assert "0.019 at the least, and a bin is 0.08 wide" in found["robust_mig"]
  unused = inputs._replace(means=inputs.means * [1, 0, 0.01])
  found = metrics.cautions(unused, ["robust_mig"])
  assert "dimension(s) 0 (from 0)" in found["robust_mig"]
  points = inputs._replace(scales=None)
  assert "robust_mig" not in metrics.cautions(points, ["robust_mig"])


@pytest.mark.parametrize(
  ("width", "figures"), [(1 / 4, (0.237, 0.230)), (1 / 16, (0.234, 0.171))]
)
def test_the_robust_mig_of_narrow_posteriors_depends_on_the_bins(
  width, figures
):
  """At the limit of the caution hardly, below it by far."""
  inputs = bins_wide(width)
  for num_bins, figure in zip((100, round(400 / width)), figures):
    score = robust_mutual_information_gap(
      inputs.means, inputs.factors, scales=inputs.scales, num_bins=num_bins
    ).score
    assert score == pytest.approx(figure, abs=6e-4)


def test_a_kl_of_other_posteriors_is_named():
  inputs = trained_model(kl=np.ones(6))
  assert "mean KL of these means" in metrics.cautions(inputs, [])["kl"]
  assert "kl" not in metrics.cautions(inputs._replace(scales=None), [])
