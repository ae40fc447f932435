import itertools

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.errors import UserError


def test_each_epoch_is_a_permutation_that_batches_may_straddle():
  steps = [data.batch_indices(10, 4, 3, step) for step in range(10)]
  drawn = np.concatenate(steps).reshape(4, 10)
  for epoch in drawn:
    assert sorted(epoch) == list(range(10))
  assert any((a != b).any() for a, b in itertools.pairwise(drawn))


def test_batches_are_a_function_of_seed_and_step():
  first = data.batch_indices(1000, 64, 5, 40)
  data.batch_indices(1000, 64, 6, 0)
  np.testing.assert_array_equal(data.batch_indices(1000, 64, 5, 40), first)
  assert (data.batch_indices(1000, 64, 6, 40) != first).any()


def test_batch_of_all_images():
  assert sorted(data.batch_indices(5, 5, 0, 7)) == list(range(5))


@pytest.mark.parametrize("batch_size", [0, 11])
def test_error_names_the_batch_size_that_does_not_fit(batch_size):
  with pytest.raises(UserError, match=f"batch_size is {batch_size}.*1..10"):
    data.batch_indices(10, batch_size, 0, 0)
