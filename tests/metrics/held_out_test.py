"""The split into training and held-out examples."""

import numpy as np
import pytest

from cascade_jax.metrics.held_out import held_out


def test_about_a_third_of_each_value_is_held_out():
  values = np.repeat([-5, 0, 3, 9], [2, 3, 100, 301])
  mask = held_out(np.random.default_rng(0).permutation(values), seed=0)
  assert mask.sum() == 1 + 1 + 33 + 100
  mask = held_out(values, seed=0)
  counts = [mask[values == value].sum() for value in (-5, 0, 3, 9)]
  assert counts == [1, 1, 33, 100]


def test_the_seed_determines_the_mask():
  values = np.random.default_rng(0).integers(4, size=1000)
  mask = held_out(values, seed=1)
  np.testing.assert_array_equal(mask, held_out(values, seed=1))
  other = held_out(values, seed=2)
  assert 0.2 < (mask & other).sum() / mask.sum() < 0.5


def test_a_value_with_one_example_is_refused():
  with pytest.raises(ValueError, match="there is one of 7"):
    held_out(np.array([0, 0, 7, 3, 3]), seed=0)
