"""The worth of a model's variables: known answers, and a loop."""

import numpy as np
import pytest
from scipy.special import entr

from cascade_jax.evaluation.dimension_worth import Codes, dimension_worth

LOG2 = np.log(2)


def entropy(p):
  """Nats of a pixel of this mean."""
  return entr(p) + entr(1 - p)


def decode(latents, categories):
  """Four pixels by the sign of z1, one by that of z2, three by the code."""
  left = (latents[:, :1] > 0) * np.ones(2)
  likely = np.where(latents[:, 1:2] > 0, 0.9, 0.1)
  one_hot = np.eye(3)[categories]
  return np.concatenate([left, 1 - left, likely, one_hot], 1)[:, :, None, None]


def known_model():
  """Images `[240, 8, 1, 1]` of the decoder, and their codes; z4 is dead."""
  index = np.arange(240)
  mean = np.zeros((240, 4))
  mean[:, 0] = np.where(index % 2, 2, -2)
  mean[:, 1] = np.where(index // 2 % 2, 2, -2)
  mean[:, 2] = index / 100
  codes = Codes(
    mean, np.full((240, 4), 0.1), np.array([2, 0.5, 1, 0.1]), index // 4 % 3
  )
  images = decode(mean, codes.categories)
  # Of the pixel that is on with probability 0.9 or 0.1, 1 in 10 is the other.
  images[:, 4, 0, 0] = (images[:, 4, 0, 0] > 0.5) ^ (index // 12 % 10 == 0)
  return images, codes


def test_variables_have_the_worth_computed_by_hand():
  images, codes = known_model()
  z1, z2, z3, code = dimension_worth(decode, images, codes)
  assert [v.name for v in (z1, z2, z3, code)] == ["z1", "z2", "z3", "code"]
  assert z1.loss == pytest.approx(4 * LOG2, abs=1e-5)
  assert z1.worth == pytest.approx(2 * LOG2, abs=1e-5)
  assert z1.error < 1e-6  # the same for all images
  assert z2.loss == pytest.approx(LOG2 - entropy(0.9))
  assert z2.worth == pytest.approx(2 * (LOG2 - entropy(0.9)))
  each = np.repeat([LOG2 + np.log(0.1), LOG2 + np.log(0.9)], [24, 216])
  assert z2.error == pytest.approx(each.std(ddof=1) / 240**0.5)
  assert z3.loss == pytest.approx(0, abs=1e-9) and z3.rate == 1
  assert code.loss == pytest.approx(3 * entropy(1 / 3), abs=1e-5)
  assert code.rate == pytest.approx(np.log(3))


def test_without_a_code_in_use_there_is_none():
  images, codes = known_model()
  codes = codes._replace(categories=np.full(240, -1))
  variables = dimension_worth(decode, images, codes)
  assert [v.name for v in variables] == ["z1", "z2", "z3"]


def logistic(weights):
  """A decoder `[m + 3, P]` of latents and a one-hot code of 3 categories."""

  def decode(latents, categories):
    inputs = np.concatenate([latents, np.eye(3)[categories]], axis=1)
    return (1 / (1 + np.exp(-inputs @ weights))).reshape(-1, 2, 3, 1)

  return decode


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_it_equals_a_loop(likelihood):
  rng = np.random.default_rng(0)
  decode = logistic(rng.standard_normal((5, 6)))
  images = rng.integers(0, 2, (9, 2, 3, 1))
  codes = Codes(
    rng.standard_normal((9, 2)),
    rng.uniform(0.1, 1, (9, 2)),
    np.array([0.7, 1.3]),
    np.array([0, 0, 0, 0, 0, 2, 2, 2, 0]),
  )

  def nll(n, mean):
    x = images[n]
    if likelihood == "gaussian":
      return ((x - mean) ** 2).sum() / 2
    return -np.where(x, np.log(mean), np.log(1 - mean)).sum()

  noise = np.random.default_rng(3).standard_normal((9, 2))
  latents = codes.mean + codes.scale * noise
  losses = np.zeros((9, 3))
  for n in range(9):
    own = nll(n, decode(latents[n : n + 1], codes.categories[n : n + 1])[0])
    for j in range(2):
      total = 0
      for level in (0.1, 0.3, 0.5, 0.7, 0.9):
        changed = latents[n : n + 1].copy()
        changed[0, j] = np.quantile(latents[:, j], level)
        total += decode(changed, codes.categories[n : n + 1])[0]
      losses[n, j] = nll(n, total / 5) - own
    total = 0
    for category, share in ((0, 6 / 9), (2, 3 / 9)):
      total += share * decode(latents[n : n + 1], np.array([category]))[0]
    losses[n, 2] = nll(n, total) - own
  found = dimension_worth(
    decode, images, codes, likelihood=likelihood, num_values=5, seed=3
  )
  np.testing.assert_allclose(
    [v.loss for v in found], losses.mean(axis=0), rtol=1e-5
  )
  np.testing.assert_allclose(
    [v.error for v in found], losses.std(axis=0, ddof=1) / 3, rtol=1e-5
  )
  rates = [0.7, 1.3, entr(2 / 3) + entr(1 / 3)]
  np.testing.assert_allclose([v.rate for v in found], rates)


def test_a_certain_and_wrong_decoder_loses_a_finite_amount():
  """Its means in float32 are exactly 0 or 1."""
  images, codes = known_model()

  def wrong(latents, categories):
    return (1 - decode(latents, categories) > 0.5).astype(np.float32)

  for variable in dimension_worth(wrong, images, codes):
    assert np.isfinite(variable.loss)


def test_a_deterministic_encoder_is_refused():
  images, codes = known_model()
  with pytest.raises(ValueError, match="the encoder is deterministic"):
    dimension_worth(decode, images, codes._replace(kl=None))
