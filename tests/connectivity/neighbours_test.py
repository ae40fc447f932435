"""Mutual nearest neighbours, and the nearest of some references."""

import numpy as np
import pytest

from cascade_jax.connectivity import mutual_ranks, nearest
from tests.helpers.point_clouds import slow_mutual_ranks


def test_mutual_ranks_equal_the_slow_twin():
  points = np.random.default_rng(0).normal(size=(40, 3))
  expected = slow_mutual_ranks(points)
  ranks = mutual_ranks(points, 9).toarray()
  np.testing.assert_array_equal(ranks, np.where(expected <= 9, expected, 0))
  assert (ranks > 0).any(axis=1).sum() > 30


def test_a_point_is_no_neighbour_of_its_own_even_among_equal_points():
  ranks = mutual_ranks(np.zeros((8, 2)), 7).toarray()
  assert (ranks.diagonal() == 0).all()
  assert (ranks > 0).sum() == 8 * 7


@pytest.mark.parametrize("count", [0, 1, 30])
def test_nearest_equals_a_loop(count):
  rng = np.random.default_rng(0)
  points = rng.normal(size=(count, 5)).astype(np.float32)
  references = rng.normal(size=(12, 5)).astype(np.float32)
  expected = [
    min(range(12), key=lambda j: np.square(point - references[j]).sum())
    for point in points
  ]
  np.testing.assert_array_equal(nearest(points, references), expected)
