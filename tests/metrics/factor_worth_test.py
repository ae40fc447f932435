"""The worth of factors: known answers, and a loop over groups."""

import itertools

import numpy as np
import pytest
from scipy.special import entr

from cascade_jax import metrics
from cascade_jax.metrics import group_costs

LOG2 = np.log(2)


def entropy(p):
  """Nats of independent pixels with these means, summed over all axes."""
  return (entr(p) + entr(1 - p)).sum()


def grid(*sizes):
  """All combinations of factors, `[N, F]`, the last one fastest."""
  return np.indices(sizes).reshape(len(sizes), -1).T


def of_stage(result, stage):
  """The worth by factor at a stage."""
  return {worth.factor: worth for worth in result.stages[stage]}


def moved_block(positions, width, height=1):
  """A block that moves by its width, `[positions, H, W, 1]`, and its factor."""
  images = np.zeros((positions, height, positions * width, 1), np.float32)
  for k in range(positions):
    images[k, :, k * width : (k + 1) * width] = 1
  return images, np.arange(positions)[:, None]


def test_each_pixel_of_its_own_factor_is_worth_one():
  """One bit of rate gains one bit of reconstruction, whatever else is known."""
  factors = grid(2, 2, 2)
  images = factors.reshape(-1, 1, 3, 1)
  result = metrics.factor_worth(images, factors)
  assert result.is_exact and len(result.stages) == 3
  for worth in itertools.chain(*result.stages, result.given_others):
    np.testing.assert_allclose(worth.gains, [LOG2])
    np.testing.assert_allclose(worth.rates, [LOG2])
    assert worth.onset == pytest.approx(1)
  costs = [stage[0].cost for stage in result.stages]
  np.testing.assert_allclose(costs, [3 * LOG2, 2 * LOG2, LOG2])


def test_a_factor_that_switches_more_pixels_is_learned_first():
  factors = grid(2, 2, 2)
  images = factors[:, [0, 1, 1, 1, 2, 2]].reshape(-1, 2, 3, 1)
  result = metrics.factor_worth(images, factors)
  assert result.order == (1, 2, 0)
  highest = {w.factor: w.highest for w in result.given_others}
  assert highest == pytest.approx({0: 1, 1: 3, 2: 2})


def test_a_moved_block_has_the_worth_computed_by_hand():
  """Its pixels are on in one of 8 positions; of half of them, in one of 4."""
  images, factors = moved_block(positions=8, width=3, height=2)
  (worth,) = metrics.factor_worth(images, factors).stages[0]
  pixels = images[0].size

  def cost(positions):
    return pixels * positions / 8 * entropy(np.array(1 / positions))

  assert worth.bins == (2, 4, 8)
  assert worth.cost == pytest.approx(cost(8))
  np.testing.assert_allclose(
    worth.gains, [cost(8) - cost(4), cost(8) - cost(2), cost(8)]
  )
  np.testing.assert_allclose(worth.rates, np.log([2, 4, 8]))
  # Cov(a, x)^2 / (m (1 - m)) over pixels, for any a of mean 0 and variance 1.
  m = 1 / 8
  assert worth.onset == pytest.approx(pixels * m / 8 / (m * (1 - m)))


def test_the_onset_is_the_limit_of_small_changes():
  """Compared with a decoder that is told a very noisy copy of the factor."""
  rng = np.random.default_rng(0)
  means = rng.uniform(0.1, 0.9, (5, 12))
  onset = (
    metrics.factor_worth(means.reshape(5, 3, 4, 1), np.arange(5)[:, None])
    .stages[0][0]
    .onset
  )

  def ratio(code, size=1e-3):
    """Of a binary code that is 1 with probability 0.5 + size * code."""
    joint = np.stack([0.5 + size * code, 0.5 - size * code]) / 5
    share = joint.sum(axis=1)
    told = [entropy(row @ means / row.sum()) for row in joint]
    gain = entropy(means.mean(axis=0)) - share @ told
    rate = entr(share).sum() + np.log(5) - entr(joint).sum()
    return gain / rate

  tried = [ratio(rng.standard_normal(5)) for _ in range(3000)]
  assert onset * 0.98 < max(tried) < onset * 1.001


def test_grey_images_are_the_bernoulli_loss_of_the_mean():
  levels = np.array([0.2, 0.4, 0.9])
  constant = np.full(3, 0.3)  # a pixel that costs as much in all groups
  images = np.stack([levels, constant], axis=1).reshape(3, 1, 2, 1)
  (worth,) = metrics.factor_worth(images, np.arange(3)[:, None]).stages[0]
  mean = levels.mean()
  loss = -(levels * np.log(mean) + (1 - levels) * np.log(1 - mean)).mean()
  assert worth.cost == pytest.approx(loss + entropy(0.3))
  known = np.mean([entropy(level) for level in levels])
  assert worth.gains[0] == pytest.approx(loss - known)


def loop_cost(images, labels):
  """The cost of an image whose label is known, group by group."""
  flat = images.reshape(len(images), -1).astype(float)
  return sum(
    (labels == k).mean() * entropy(flat[labels == k].mean(axis=0))
    for k in np.unique(labels)
  )


def loop_correction(images, labels):
  """What is added back for the images of each group fitting their mean."""
  flat = images.reshape(len(images), -1).astype(float)
  total = 0.0
  for k in np.unique(labels):
    members = flat[labels == k]
    for pixel in members.T:
      m = pixel.mean()
      if 0 < m < 1:
        bias = pixel.var(ddof=1) / (2 * len(pixel) * m * (1 - m))
        total += len(pixel) / len(flat) * bias
  return total


@pytest.mark.parametrize("block", [1, 40, 2**23])  # pixels in memory
@pytest.mark.parametrize("is_grey", [False, True])
def test_it_equals_a_loop_over_groups(monkeypatch, block, is_grey):
  monkeypatch.setattr(group_costs, "_BLOCK", block)
  rng = np.random.default_rng(1)
  factors = grid(4, 3, 5)[rng.permutation(60)]
  images = rng.random((60, 4, 2, 1))
  if not is_grey:
    images = (images < 0.1 + 0.2 * factors[:, :1, None, None]).astype(np.uint8)
  result = metrics.factor_worth(images, factors)
  for worth in itertools.chain(*result.stages, result.given_others):
    known = np.unique(factors[:, worth.known], axis=0, return_inverse=True)[1]
    before = loop_cost(images, known)
    assert worth.cost == pytest.approx(before)
    column = factors[:, worth.factor]
    size = column.max() + 1
    for bins, gain, rate in zip(worth.bins, worth.gains, worth.rates):
      labels = known * size + column * bins // size
      assert gain == pytest.approx(before - loop_cost(images, labels))
      assert rate == pytest.approx(
        entr(np.bincount(column * bins // size) / 60).sum()
      )
  assert {w.bins for w in result.stages[0]} == {(2, 4), (3,), (2, 5)}
  assert [len(w.known) for w in result.given_others] == [2, 2, 2]


def test_a_sample_equals_a_loop_with_the_correction():
  rng = np.random.default_rng(2)
  factors = rng.integers(0, [2, 3], (200, 2))
  for images in (
    (rng.random((200, 5, 1, 1)) < 0.1 + 0.3 * factors[:, :1, None, None]),
    rng.random((200, 5, 1, 1)) ** (1 + factors[:, :1, None, None]),
  ):
    result = metrics.factor_worth(images, factors)
    assert not result.is_exact
    (worth,) = result.stages[1]
    (known,) = worth.known
    columns = (
      factors[:, known],
      factors[:, known] * 3 + factors[:, worth.factor],
    )
    before, after = (
      loop_cost(images, labels) + loop_correction(images, labels)
      for labels in columns
    )
    assert worth.cost == pytest.approx(before, rel=1e-6)
    assert worth.gains[-1] == pytest.approx(before - after, abs=1e-6)
    entropies = [
      entr(np.bincount(labels) / 200).sum() + labels.max() / 400
      for labels in columns
    ]
    assert worth.rates[-1] == pytest.approx(entropies[1] - entropies[0])
    assert worth.onset is None


def test_a_factor_that_changes_nothing_is_worth_nothing():
  """The mean image of a few members fits them; the correction undoes it."""
  rng = np.random.default_rng(3)
  factors = np.arange(2000)[:, None] % 40  # 50 members each
  images = rng.random((2000, 16, 16, 1)) < rng.uniform(0.1, 0.9, (16, 16, 1))
  (worth,) = metrics.factor_worth(images, factors).stages[0]
  uncorrected = loop_cost(images, factors[:, 0] * 0) - loop_cost(
    images, factors[:, 0]
  )
  assert uncorrected > 2  # nats, of nothing
  assert abs(worth.gains[-1]) < 0.1 and abs(worth.highest) < 0.1


def test_a_sample_has_about_the_worth_of_the_whole():
  whole, factors = moved_block(positions=8, width=2)
  rng = np.random.default_rng(4)
  drawn = rng.integers(0, 8, 1000)
  (sampled,) = metrics.factor_worth(whole[drawn], factors[drawn]).stages[0]
  (exact,) = metrics.factor_worth(whole, factors).stages[0]
  np.testing.assert_allclose(sampled.ratios, exact.ratios, rtol=0.02)
  np.testing.assert_allclose(sampled.rates, exact.rates, rtol=0.02)


@pytest.mark.parametrize(
  ("fewest_members", "bins"),
  [(15, [(2, 4, 10)]), (16, [(2, 4)]), (31, [(2,)]), (76, [])],
)
def test_small_groups_are_left_out_and_end_the_stages(fewest_members, bins):
  """Each of 4 x 10 combinations has 15 images."""
  factors = np.stack([np.arange(600) % 4, np.arange(600) // 4 % 10], axis=1)
  images = np.eye(4)[factors[:, 0]].reshape(-1, 2, 2, 1)
  result = metrics.factor_worth(
    images, factors, fewest_members=fewest_members, resolutions=(2, 4)
  )
  assert result.order[0] == 0
  assert [stage[0].bins for stage in result.stages[1:]] == bins
  others = [w.bins for w in result.given_others if w.factor == 1]
  assert others == bins


def test_the_stages_end_when_one_factor_is_too_rare_to_compare():
  """Its value 1 has 30 of 600 images, but 7 of the 150 of another's value."""
  index = np.arange(600)
  factors = np.stack([index % 4, index // 4 % 2, index < 30], axis=1)
  images = np.eye(4)[factors[:, 0]].reshape(-1, 2, 2, 1)
  result = metrics.factor_worth(images, factors)
  assert [len(stage) for stage in result.stages] == [3]


def test_as_many_images_as_combinations_can_be_a_sample():
  factors = np.array([[0, 0], [0, 0], [1, 0], [1, 1]])
  with pytest.raises(ValueError, match="fewer than 20 of the 4 images"):
    metrics.factor_worth(np.zeros((4, 1, 1, 1)), factors)


def test_too_few_images_for_any_factor_are_refused():
  images, factors = moved_block(8, 1)
  with pytest.raises(ValueError, match="fewer than 20 of the 16 images"):
    metrics.factor_worth(
      np.tile(images, (2, 1, 1, 1)), np.tile(factors, (2, 1))
    )


def test_factors_that_others_determine_have_no_worth():
  """Halves of a factor, and a factor with a single value."""
  (column,) = grid(6).T
  factors = np.stack([column, column // 3, 0 * column], axis=1)
  factors = np.repeat(factors, 30, axis=0)
  images = np.eye(6)[factors[:, 0]].reshape(-1, 6, 1, 1)
  result = metrics.factor_worth(images, factors)
  assert {w.factor for w in result.stages[0]} == {0, 1}
  assert result.order == (0,)
  assert [w.factor for w in result.given_others] == [0]


def test_malformed_input_is_named():
  images, factors = moved_block(8, 1)
  with pytest.raises(ValueError, match="8 images have 7 rows of factors"):
    metrics.factor_worth(images, factors[1:])
  with pytest.raises(ValueError, match=r"in \[0, 1\], got .*divide by 255"):
    metrics.factor_worth(255 * images, factors)
  with pytest.raises(ValueError, match=r"in \[0, 1\], got \[nan"):
    metrics.factor_worth(images * np.nan, factors)
  with pytest.raises(ValueError, match="a multiple of the one before it"):
    metrics.factor_worth(images, factors, resolutions=(2, 3))
  with pytest.raises(ValueError, match="resolutions must be an integer of at"):
    metrics.factor_worth(images, factors, resolutions=(1,))
  with pytest.raises(ValueError, match="fewest_members must be an integer"):
    metrics.factor_worth(images, factors, fewest_members=1)
  with pytest.raises(ValueError, match="no factor has more than one"):
    metrics.factor_worth(images, 0 * factors)
