"""Spectral cuts of graphs whose parts touch."""

import numpy as np
import pytest
import scipy.linalg

from cascade_jax.connectivity import component_cut, spectral_cut
from cascade_jax.errors import UserError
from tests.helpers.point_clouds import dumbbell, moons, same_partition


def slow_cut(points, number, k):
  """The cut with dense matrices; groups by a pivoted QR (Damle et al. 2018)."""
  distances = np.square(points[:, None] - points).sum(axis=2)
  np.fill_diagonal(distances, np.inf)
  links = np.zeros(distances.shape)
  for i, row in enumerate(distances):
    links[i, np.argsort(row)[:k]] = 1
  links = (links + links.T) / 2
  degrees = np.sqrt(links.sum(axis=1))
  _, vectors = np.linalg.eigh(links / np.outer(degrees, degrees))
  vectors = vectors[:, -number:] / degrees[:, None]
  pivots = scipy.linalg.qr(vectors.T, pivoting=True)[2][:number]
  left, _, right = np.linalg.svd(vectors[pivots].T)
  return np.abs(vectors @ left @ right).argmax(axis=1)


def agreement(labels, others):
  """The share of points that two cuts in two have alike."""
  alike = (labels == others).mean()
  return max(alike, 1 - alike)


@pytest.mark.parametrize("seed", range(3))
def test_it_cuts_a_narrow_bridge(seed):
  points, sides = dumbbell(1000, np.random.default_rng(seed))
  with pytest.raises(UserError, match="into 2 pieces"):
    component_cut(points, 2)
  found = spectral_cut(points, 2)
  assert found.num_neighbours == 10
  assert found.labels.dtype == np.int32
  assert agreement(found.labels, sides) > 0.99


@pytest.mark.parametrize("number", [2, 3, 5])
def test_it_equals_the_slow_twin(number):
  points, _ = moons(400, 0.2, np.random.default_rng(0))
  found = spectral_cut(points, number)
  expected = slow_cut(points, number, found.num_neighbours)
  assert same_partition(found.labels, expected)
  assert np.bincount(found.labels).min() > 10


def test_k_grows_in_steps_until_the_graph_is_connected():
  """The graph of the 4 nearest is, but k goes from 3 to 6."""
  points, sides = dumbbell(600, np.random.default_rng(1))
  assert spectral_cut(points, 2, num_neighbours=4).num_neighbours == 4
  found = spectral_cut(points, 2, num_neighbours=3)
  assert found.num_neighbours == 6
  assert agreement(found.labels, sides) > 0.99


def test_parts_that_no_graph_connects_are_not_cut():
  points = np.random.default_rng(0).uniform(size=(200, 2))
  points[100:] += 50
  with pytest.raises(UserError, match='of 20 .* 2 separate.*"components"'):
    spectral_cut(points, 3)


@pytest.mark.parametrize("k", [0, 21])
def test_a_number_of_neighbours_out_of_range_is_named(k):
  with pytest.raises(UserError, match=f"num_neighbours is {k}.*1..20"):
    spectral_cut(np.zeros((200, 2)), 2, num_neighbours=k)


def test_malformed_points_are_named():
  with pytest.raises(UserError, match="at least 50"):
    spectral_cut(np.zeros((10, 2)), 2)
