import re

import numpy as np
import pytest

from cascade_jax import methods
from cascade_jax.methods.cascade import Cascade, WarmUp
from cascade_jax.methods.start import MOST_CORRELATED, dependence, start_of
from cascade_jax.types import Representation

CASCADE = Cascade(4, 0.5, 10.0, 3, 2, (WarmUp(30.0, 5), WarmUp(10.0, 7)))


def uniform(degrees):
  """Two independent uniform columns in a frame turned by an angle."""
  angle = np.deg2rad(degrees)
  turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
  return np.random.default_rng(0).uniform(-1, 1, (4_000, 2)) @ np.array(turn)


def representation(used, unused=2):
  """One whose first dimensions have these means."""
  mean = np.concatenate([used, np.full((len(used), unused), 0.01)], axis=1)
  return Representation(mean, None, None, None)


def test_sound_start_has_no_problem():
  start = start_of(CASCADE)
  assert start.steps == 12
  assert start.problem(representation(uniform(0))) is None


@pytest.mark.parametrize(
  ("used", "problem"),
  [
    (uniform(0)[:, :1], "1 dimensions are in use after the warm-up, and 2"),
    (np.c_[uniform(0), uniform(10)[:, 0]], "3 dimensions are in use"),
    (uniform(33), r"depend on each other .* \(correlation 0.3"),
    (uniform(0) @ [[1, 0.5], [0, 1]], "depend on each other"),
  ],
  ids=["too few", "too many", "turned", "correlated"],
)
def test_problems_are_named(used, problem):
  found = start_of(CASCADE).problem(representation(used))
  assert found is not None and re.search(problem, found), found


def test_dependence_of_known_points():
  assert dependence(uniform(0)) < 0.05
  assert dependence(uniform(33)) == pytest.approx(0.39, abs=0.03)
  assert dependence(uniform(45)) == pytest.approx(0.43, abs=0.03)
  line = np.linspace(-1, 1, 9)
  assert dependence(np.c_[line, -line]) == pytest.approx(1)
  assert dependence(line[:, None]) == 0
  assert dependence(uniform(0)) < MOST_CORRELATED < dependence(uniform(33))


def test_any_start_will_do_without_a_warm_up():
  assert start_of(CASCADE._replace(warm_up=())) is None
  assert start_of(CASCADE._replace(discrete_start_phase=None)) is None
  assert methods.cascade_vae((16, 16, 1)).start is None
