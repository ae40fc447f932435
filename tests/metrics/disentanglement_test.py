"""The disentanglement score of the paper, in its own protocol."""

import itertools

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.metrics import disentanglement

SIZES = (3, 4, 5, 6)


def grid():
  """Returns all combinations of four factors, each one three times."""
  factors = np.indices(SIZES).reshape(len(SIZES), -1).T
  return np.tile(factors, (3, 1))


def perfect(rng, noise=0.01):
  """Returns a column for each factor but the first, which the code has."""
  factors = grid()
  means = factors[:, 1:] + noise * rng.standard_normal((len(factors), 3))
  return means, factors, factors[:, 0]


def slow_votes(means, categories, factors, drawn, varying):
  """Returns the same votes, computed in loops."""

  def gini(labels):
    size = len(labels)
    different = sum(a != b for a, b in itertools.combinations(labels, 2))
    return different / (size * (size - 1))

  columns = means.shape[1] + 1
  overall = [np.var(means[:, j], ddof=1) for j in range(columns - 1)]
  overall_gini = gini(categories)
  votes = np.zeros((columns, len(varying)), int)
  for index in range(len(varying)):
    for rows in drawn[index]:
      ratios = [
        np.var(means[rows, j], ddof=1) / overall[j] for j in range(columns - 1)
      ]
      ratios.append(gini(categories[rows]) / overall_gini)
      votes[int(np.argmin(ratios)), index] += 1
  return votes


def test_votes_equal_a_loop_implementation():
  rng = np.random.default_rng(0)
  means, factors, categories = perfect(rng, noise=1.5)
  categories = np.where(rng.uniform(size=len(means)) < 0.6, categories, 1)
  result = metrics.disentanglement_score(
    means, factors, categories=categories, num_votes=80, vote_size=7, seed=5
  )
  rng = np.random.default_rng(5)
  drawn = [
    disentanglement.draw_votes(factors[:, factor], 20, 7, rng)
    for factor in range(4)
  ]
  expected = slow_votes(means, categories, factors, drawn, range(4))
  np.testing.assert_array_equal(result.votes, expected)
  assert result.score == expected.max(axis=1).sum() / expected.sum()
  assert expected[-1].any()  # the code gets some votes
  assert np.count_nonzero(expected) > 8


def test_votes_share_a_value_and_reach_all_examples():
  values = np.array([4, 4, 4, 7, 7, 9] * 5 + [5])  # the single 5 is not drawn
  drawn = disentanglement.draw_votes(values, 300, 20, np.random.default_rng(0))
  for rows in drawn:
    assert len(set(values[rows])) == 1
  assert set(drawn.ravel()) == set(range(30))
  # Values are drawn uniformly, however many examples each has.
  shares = np.unique(values[drawn[:, 0]], return_counts=True)[1] / 300
  np.testing.assert_allclose(shares, 1 / 3, atol=0.08)


def test_perfect_code_scores_one():
  means, factors, categories = perfect(np.random.default_rng(0))
  result = metrics.disentanglement_score(means, factors, categories=categories)
  assert result.score == 1
  np.testing.assert_array_equal(result.column_factors, [1, 2, 3, 0])
  assert result.num_codes == 1
  assert result.num_votes == result.votes.sum() == 800
  assert (result.votes.sum(axis=0) == 200).all()


def test_order_sign_and_size_of_columns_do_not_matter():
  rng = np.random.default_rng(0)
  means, factors, categories = perfect(rng, noise=1.0)
  score = metrics.disentanglement_score(means, factors, categories=categories)
  moved = metrics.disentanglement_score(
    means[:, [2, 0, 1]] * [-1, 3, 100] + 5, factors, categories=categories
  )
  assert moved.score == score.score
  np.testing.assert_array_equal(
    moved.column_factors, score.column_factors[[2, 0, 1, 3]]
  )


def test_random_code_is_near_chance():
  rng = np.random.default_rng(0)
  factors = grid()
  means = rng.standard_normal((len(factors), 6))
  score = metrics.disentanglement_score(means, factors).score
  assert 0.25 <= score < 0.36


def test_rotated_code_scores_less():
  means, factors, categories = perfect(np.random.default_rng(0))
  means = means / means.std(axis=0)
  mixed = means @ np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 1]])
  score = metrics.disentanglement_score(mixed, factors, categories=categories)
  assert score.score < 0.8


def test_dead_dimension_is_dropped():
  """A nearly constant column would otherwise get many votes."""
  means, factors, categories = perfect(np.random.default_rng(0))
  dead = np.zeros(len(means))
  dead[0] = 1e-3  # no variance in nearly every vote
  means = np.column_stack([dead, means])
  kl = np.array([0.1, 0.11, 2.0, 2.0])
  pruned = metrics.disentanglement_score(
    means, factors, kl=kl, categories=categories
  )
  assert pruned.score == 1
  np.testing.assert_array_equal(pruned.columns, [1, 2, 3])
  kept = metrics.disentanglement_score(means, factors, categories=categories)
  assert kept.score < 0.5


def test_without_columns_the_score_is_one_over_the_number_of_factors():
  means, factors, _ = perfect(np.random.default_rng(0))
  result = metrics.disentanglement_score(means, factors, kl=np.zeros(3))
  assert result.score == 0.25
  assert result.votes.shape == (0, 4)


def test_constant_columns_and_codes_get_no_votes():
  """In the authors' implementation a constant code gets every vote: 1 / F."""
  means, factors, _ = perfect(np.random.default_rng(0))
  means[:, 1] = 3.0
  alone = metrics.disentanglement_score(means, factors)
  result = metrics.disentanglement_score(
    means, factors, categories=np.full(len(means), 2)
  )
  np.testing.assert_array_equal(result.columns, [0, 2])
  np.testing.assert_array_equal(result.votes[:2], alone.votes)
  np.testing.assert_array_equal(result.votes[2], 0)
  assert result.column_factors[2] == -1
  assert (result.num_codes, alone.num_codes) == (1, 0)
  assert result.score == alone.score > 0.25


def test_a_constant_code_alone_scores_one_over_the_number_of_factors():
  means, factors, _ = perfect(np.random.default_rng(0))
  result = metrics.disentanglement_score(
    means, factors, kl=np.zeros(3), categories=np.zeros(len(means), int)
  )
  assert result.score == 0.25
  assert result.num_votes == 0
  np.testing.assert_array_equal(result.votes, np.zeros((1, 4)))
  np.testing.assert_array_equal(result.column_factors, [-1])


def test_constant_discrete_variables_are_scored():
  """Training must be able to score a collapsed model."""
  means, factors, _ = perfect(np.random.default_rng(0))
  stuck = np.tile([0, 1], (len(means), 1))
  result = metrics.disentanglement_score(means, factors, categories=stuck)
  np.testing.assert_array_equal(result.votes[-2:], 0)


def test_a_discrete_code_alone_gets_all_votes():
  means, factors, categories = perfect(np.random.default_rng(0))
  result = metrics.disentanglement_score(
    means, factors, kl=np.zeros(3), categories=categories
  )
  np.testing.assert_array_equal(result.votes, [[200, 200, 200, 200]])


def test_the_seed_determines_the_votes():
  means, factors, categories = perfect(np.random.default_rng(0), noise=1.5)

  def votes(seed):
    return metrics.disentanglement_score(
      means, factors, categories=categories, vote_size=5, seed=seed
    ).votes

  np.testing.assert_array_equal(votes(3), votes(3))
  assert (votes(3) != votes(4)).any()


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_units_of_the_means_do_not_matter(scale):
  means, factors, _ = perfect(np.random.default_rng(0), noise=1.0)
  score = metrics.disentanglement_score(means, factors)
  scaled = metrics.disentanglement_score(means * scale, factors)
  np.testing.assert_array_equal(scaled.votes, score.votes)


@pytest.mark.parametrize("label", [np.uint8(255), np.int8(127), 10**9])
def test_the_numbering_of_categories_does_not_matter(label):
  means, factors, categories = perfect(np.random.default_rng(0), noise=1.5)
  score = metrics.disentanglement_score(means, factors, categories=categories)
  renamed = categories.astype(np.asarray(label).dtype)
  renamed[categories == 0] = label
  result = metrics.disentanglement_score(means, factors, categories=renamed)
  np.testing.assert_array_equal(result.votes, score.votes)


def test_lists_are_accepted():
  means, factors, categories = perfect(np.random.default_rng(0))
  result = metrics.disentanglement_score(
    means.tolist(),
    factors.tolist(),
    kl=[1.0, 1.0, 0.0],
    categories=categories.tolist(),
  )
  np.testing.assert_array_equal(result.columns, [0, 1])


def test_a_constant_factor_is_left_out():
  means, factors, categories = perfect(np.random.default_rng(0))
  factors = np.insert(factors, 1, 0, axis=1)
  result = metrics.disentanglement_score(means, factors, categories=categories)
  np.testing.assert_array_equal(result.factors, [0, 2, 3, 4])
  np.testing.assert_array_equal(result.column_factors, [2, 3, 4, 0])
  assert result.num_votes == 800  # 800 // 4 for each factor, not 800 // 5
  assert result.score == 1


def test_examples_need_not_form_a_grid():
  rng = np.random.default_rng(1)
  means, factors, categories = perfect(rng)
  some = rng.choice(len(means), 500)
  result = metrics.disentanglement_score(
    means[some].astype(np.float32), factors[some], categories=categories[some]
  )
  assert result.score > 0.98


@pytest.mark.parametrize(
  ("change", "message"),
  [
    ({"means": np.zeros(4)}, "means must have shape"),
    ({"factors": np.zeros((0, 3), int)}, "N > 0"),
    ({"means": np.full((1080, 2), np.nan)}, "means hold NaN"),
    ({"means": np.full((1080, 2), np.inf)}, "infinity"),
    ({"means": np.ones((1080, 2), complex)}, "means must be real"),
    ({"means": np.zeros((3, 2))}, r"means must have shape \[1080, m\]"),
    ({"factors": np.full((1080, 2), 0.5)}, "factors must be integers.* 0.5"),
    ({"factors": np.full((1080, 2), np.nan)}, "factors must be integers.* nan"),
    ({"factors": np.full((1080, 2), "a")}, "factors must be integers, got <U1"),
    ({"factors": np.eye(2, 1080, dtype=int)}, "more factors than examples"),
    ({"factors": np.zeros((1080, 2), int)}, "more than one value"),
    ({"factors": np.arange(1080)[:, None] % 2}, "two that vary"),
    ({"kl": np.ones(9)}, "kl must have one entry"),
    ({"categories": np.zeros(3, int)}, r"categories must have shape \[1080\]"),
    ({"kl": [1, np.nan, 1]}, "kl must be finite"),
    ({"kl": [1, np.inf, 1]}, "kl must be finite"),
    ({"kl": [1, -1, 1]}, "not negative"),
    ({"kl_threshold": np.nan}, "kl_threshold must be a finite number >= 0"),
    ({"categories": np.full(1080, -1)}, "counted from 0"),
    ({"categories": np.full(1080, 0.5)}, "categories must be integers"),
    ({"vote_size": 1}, "vote_size must be an integer of at least 2, got 1"),
    ({"vote_size": -100}, "got -100"),
    ({"vote_size": 10.5}, "got 10.5"),
    ({"num_votes": 3}, "num_votes must be an integer of at least 4, got 3"),
    ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
  ],
)
def test_malformed_input_is_named(change, message):
  means, factors, categories = perfect(np.random.default_rng(0))
  arguments = {"means": means, "factors": factors, "categories": categories}
  with pytest.raises(ValueError, match=message):
    metrics.disentanglement_score(**{**arguments, **change})


def test_each_discrete_variable_is_a_column():
  """Two of them encode two factors; a third is constant and gets no votes."""
  factors = grid()
  categories = np.column_stack(
    [factors[:, 2], factors[:, 0], factors[:, 0] * 0]
  )
  means = factors[:, [1, 3]].astype(float)
  result = metrics.disentanglement_score(means, factors, categories=categories)
  assert result.score == 1 and result.num_codes == 3
  np.testing.assert_array_equal(result.column_factors, [1, 3, 2, 0, -1])
  first = metrics.disentanglement_score(
    means, factors, categories=categories[:, 0]
  )
  same = metrics.disentanglement_score(
    means, factors, categories=categories[:, :1]
  )
  np.testing.assert_array_equal(first.votes, same.votes)
