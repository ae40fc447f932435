"""Every image comes once an epoch, wherever a run is stopped and resumed."""

import hypothesis
import numpy as np
from hypothesis import strategies as st

from cascade_jax.data import batch_indices
from tests.helpers.properties import properties

_SIZES = st.integers(1, 60).flatmap(
  lambda images: st.tuples(st.just(images), st.integers(1, images))
)
_SEEDS = st.integers(0, 2**32 - 1)


def _rows(images, batch, seed, first, last):
  steps = range(first, last)
  return [batch_indices(images, batch, seed, step) for step in steps]


@properties(100)
@hypothesis.given(_SIZES, _SEEDS)
def test_each_image_comes_once_an_epoch(sizes, seed):
  images, batch = sizes
  steps = -(-3 * images // batch)  # three epochs, and the rest of a batch
  order = np.concatenate(_rows(images, batch, seed, 0, steps))
  for epoch in range(3):
    part = order[epoch * images : (epoch + 1) * images]
    np.testing.assert_array_equal(np.sort(part), np.arange(images))


@properties(100)
@hypothesis.given(_SIZES, _SEEDS, st.integers(0, 10**6), st.integers(1, 20))
def test_order_is_the_same_wherever_a_run_resumes(sizes, seed, first, count):
  images, batch = sizes
  whole = _rows(images, batch, seed, first, first + count)
  batch_indices(images, batch, seed ^ 1, first)  # another run in between
  for step in reversed(range(count)):
    np.testing.assert_array_equal(
      batch_indices(images, batch, seed, first + step), whole[step]
    )


@properties(50)
@hypothesis.given(st.integers(20, 60), _SEEDS)
def test_epochs_and_seeds_differ(images, seed):
  first, second = _rows(images, images, seed, 0, 2)
  assert not np.array_equal(first, second)
  assert not np.array_equal(first, batch_indices(images, images, seed + 1, 0))
