import numpy as np
import pytest

from cascade_jax.model.batches import map_batches


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 13])
def test_result_is_that_of_all_rows_at_once(count):
  sizes = []

  def double(rows):
    sizes.append(len(rows))
    return {"x": 2 * rows, "y": np.stack([rows, rows], 1)}

  result = map_batches(double, count, most=4)
  np.testing.assert_array_equal(result["x"], 2 * np.arange(count))
  assert result["y"].shape == (count, 2)
  assert set(sizes) <= {1, 2, 4}  # so a function is compiled for these alone
