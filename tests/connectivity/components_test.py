"""Pieces of the graphs of mutual nearest neighbours."""

import numpy as np
import pytest

from cascade_jax.connectivity import (
  Plateau,
  component_cut,
  components,
  plateaus,
)
from cascade_jax.errors import UserError
from tests.helpers.point_clouds import (
  dumbbell,
  moons,
  rings,
  same_partition,
  slow_mutual_ranks,
)


def slow_components(ranks, k):
  """The component `[n]` of each point, by breadth-first search."""
  component = np.full(len(ranks), -1)
  for start in range(len(ranks)):
    if component[start] < 0:
      component[start] = start
      queue = [start]
      while queue:
        i = queue.pop(0)
        for j in range(len(ranks)):
          if j != i and ranks[i, j] <= k and component[j] < 0:
            component[j] = start
            queue.append(j)
  return component


def slow_pieces(ranks, k):
  """Components, the counted pieces of at least 5 points, and who is in one."""
  component = slow_components(ranks, k)
  pieces = [c for c in np.unique(component) if (component == c).sum() >= 5]
  is_inside = np.isin(component, pieces)
  return component, pieces if is_inside.mean() >= 0.9 else [], is_inside


def test_all_graphs_equal_the_slow_twin():
  points, _ = moons(200, 0.09, np.random.default_rng(0))
  found = component_cut(points, 2)
  ranks = slow_mutual_ranks(points)
  graphs = {k: slow_pieces(ranks, k) for k in range(1, 21)}
  numbers = [len(pieces) for _, pieces, _ in graphs.values()]
  np.testing.assert_array_equal(found.num_pieces, numbers)
  assert {0, 1, 2, 3} < set(numbers)  # so that the test compares something
  component, _, is_inside = graphs[found.num_neighbours]
  assert not is_inside.all()
  assert same_partition(found.labels[is_inside], component[is_inside])
  for i in np.flatnonzero(~is_inside):
    distances = np.square(points - points[i]).sum(axis=1)
    distances[~is_inside] = np.inf
    assert found.labels[i] == found.labels[distances.argmin()]


@pytest.mark.parametrize(("cloud", "number"), [(moons, 2), (rings, 3)])
@pytest.mark.parametrize("seed", range(3))
def test_parts_of_any_form_are_found_and_counted(cloud, number, seed):
  points, labels = cloud(1000, 0.05, np.random.default_rng(seed))
  assert plateaus(points)[0].num_pieces == number
  found = component_cut(points, number)
  assert same_partition(found.labels, labels)
  assert found.labels.dtype == np.int32
  assert set(found.labels) == set(range(number))


def test_the_cut_is_in_the_middle_of_the_widest_plateau():
  points, _ = rings(1000, 0.05, np.random.default_rng(0))
  found = component_cut(points, 3)
  k, (number, first, last) = found.num_neighbours, found.plateau
  assert number == 3 and len(found.num_pieces) == 100
  assert (found.num_pieces[first - 1 : last] == 3).all()
  assert found.num_pieces[first - 2] != 3
  assert last == 100 or found.num_pieces[last] != 3
  assert k == pytest.approx(np.sqrt(first * last), abs=0.5)
  assert found.plateau in plateaus(points)


@pytest.mark.parametrize("narrow_first", [True, False])
def test_the_widest_of_several_plateaus_is_chosen(monkeypatch, narrow_first):
  numbers = [4, 2, 2, 3, *15 * [2]] if narrow_first else [2, 2, 2, 3, 2]
  monkeypatch.setattr(
    components, "_numbers_of_pieces", lambda _: np.array(numbers)
  )
  found = component_cut(moons(200, 0.05, np.random.default_rng(0))[0], 2)
  widest = Plateau(2, 5, 19) if narrow_first else Plateau(2, 1, 3)
  assert found.plateau == widest == plateaus(np.zeros((50, 1)))[0]


def test_the_width_of_a_plateau_is_a_ratio():
  assert Plateau(3, 5, 9).width == 2
  assert Plateau(3, 50, 99).width == 2
  assert Plateau(3, 4, 25).middle == 10


def test_outliers_between_two_parts_don_t_join_them():
  rng = np.random.default_rng(0)
  parts = np.repeat([[-4.0, 0], [4.0, 0]], 300, axis=0)
  outliers = np.stack([np.linspace(-1.5, 1.5, 5), np.zeros(5)], axis=1)
  points = np.concatenate([parts + rng.uniform(-1, 1, (600, 2)), outliers])
  found = component_cut(points, 2)
  assert plateaus(points)[0].num_pieces == 2
  assert same_partition(found.labels[:600], parts[:, 0] > 0)
  assert (found.labels[600:602] == found.labels[0]).all()
  assert (found.labels[603:] == found.labels[300]).all()


def test_points_of_one_part_do_not_fall_apart():
  points = np.random.default_rng(0).uniform(size=(1000, 2))
  assert all(run.width < 1.5 for run in plateaus(points))
  with pytest.raises(UserError, match="1 for k = .*larger sample.*spectral"):
    component_cut(points, 2)


def test_a_narrow_plateau_is_no_cut():
  points, _ = dumbbell(600, np.random.default_rng(0))
  assert Plateau(2, 5, 6) in plateaus(points)
  with pytest.raises(UserError, match="2 for k = 5 to 6, 1 for k = 7 to 60"):
    component_cut(points, 2)


def test_points_that_are_only_fragments_are_said_to_be():
  points = np.random.default_rng(0).normal(size=(60, 1000))
  assert plateaus(points) == []
  with pytest.raises(UserError, match="none, only fragments"):
    component_cut(points, 2)


@pytest.mark.parametrize(
  ("points", "number", "message"),
  [
    (np.zeros(60), 2, r"shape \[n, d\].*got \(60,\)"),
    (np.zeros((49, 2)), 2, r"at least 50, got \(49, 2\); take more images"),
    (np.full((60, 2), np.nan), 2, "NaN or infinite"),
    (np.zeros((60, 2)), 1, "at least 2, got 1"),
  ],
)
def test_malformed_arguments_are_named(points, number, message):
  with pytest.raises(UserError, match=message):
    component_cut(points, number)
