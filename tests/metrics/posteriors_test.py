"""Scales that are no standard deviations, and a KL that is of other codes."""

import numpy as np
import pytest

from cascade_jax import losses, metrics
from cascade_jax.errors import UserError
from cascade_jax.metrics import codes_file
from cascade_jax.metrics.posteriors import kl_agrees, kl_to_prior
from tests.helpers.scored_codes import trained_model


def with_kl(**changes):
  """Returns the trained codes and their own KL."""
  inputs = trained_model()
  kl = losses.mean_kl(inputs.means, inputs.scales)
  return inputs._replace(kl=kl)._replace(**changes)


def test_the_kl_is_that_of_the_objective():
  inputs = with_kl()
  found = kl_to_prior(inputs.means.astype(float), inputs.scales).mean(axis=0)
  np.testing.assert_allclose(found, inputs.kl, rtol=1e-4, atol=1e-5)


def test_variances_in_place_of_scales_are_named(tmp_path):
  inputs = with_kl()
  inputs.check()
  variances = inputs._replace(scales=inputs.scales**2)
  message = r"scales look like variances: .*numpy.sqrt\(scales\)"
  with pytest.raises(UserError, match=message):
    metrics.score(variances, ["mig"])
  codes_file.write(tmp_path / "codes.npz", variances)
  with pytest.raises(UserError, match=f"codes.npz: {message}"):
    codes_file.read(tmp_path / "codes.npz")
  variances._replace(kl=None).check()  # it cannot be known


@pytest.mark.parametrize("count", [20, 200, 1000])
def test_a_sample_agrees_with_the_kl_of_all(count):
  """As the 10,000 images of codes.npz do; nothing else does."""
  inputs = with_kl()
  for seed in range(20):
    rows = np.random.default_rng(seed).permutation(2000)[:count]
    means, scales = inputs.means[rows], inputs.scales[rows]
    assert kl_agrees(means, scales, inputs.kl)
    assert not kl_agrees(means, scales**2, inputs.kl)
    assert not kl_agrees(means, scales, inputs.kl + 1)
