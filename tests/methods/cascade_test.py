import numpy as np
import pytest

from cascade_jax import Cascade

# FACTS of the authors' code: m = 6, the discrete code starts at phase 4.
OPEN = [1, 2, 3, 4, 4, 5, 6, 6, 6]
DISCRETE = [False] * 4 + [True] * 5


def paper(num_continuous=6):
  return Cascade(num_continuous, 1.0, 10.0, 20_000, 4)


@pytest.mark.parametrize("phase", range(9))
@pytest.mark.parametrize("within", [0, 1, 19_999])
def test_table_of_the_paper(phase, within):
  stage = paper().stage(phase * 20_000 + within)
  assert stage.phase == phase
  assert stage.open_dimensions == OPEN[phase]
  assert stage.discrete == DISCRETE[phase]
  weights = [1.0] * OPEN[phase] + [10.0] * (6 - OPEN[phase])
  np.testing.assert_array_equal(stage.kl_weights, np.float32(weights))


def test_fewer_dimensions_than_phases():
  opened = [paper(4).stage(20_000 * p).open_dimensions for p in range(8)]
  assert opened == [1, 2, 3, 4, 4, 4, 4, 4]


def test_code_from_the_start():
  cascade = Cascade(3, 1.0, 10.0, 5, 0)
  assert [cascade.stage(5 * p).open_dimensions for p in range(5)] == [
    0, 1, 2, 3, 3,
  ]  # fmt: skip
  assert cascade.stage(0).discrete
