import io

import numpy as np
import pytest

from cascade_jax import plots

SHARES = {
  100: np.array([[[1, 0], [1, 0], [1, 0]], [[0.5, 0.5], [0, 1], [np.nan] * 2]]),
  2000: np.array([[[1, 0]] * 3, [[0, 1]] * 3]),
}


def test_a_chart_stacks_the_shares_of_a_class():
  figure = plots.categories(SHARES, ["square", "$heart"], "angle")
  figure.savefig(io.BytesIO(), dpi=20)
  assert len(figure.axes) == 4
  assert [axes.get_title() for axes in figure.axes[:2]] == ["square", "$heart"]
  assert [axes.get_ylabel() for axes in figure.axes[::2]] == ["100", "2,000"]
  light, dark = figure.axes[1].patches
  np.testing.assert_allclose(light.get_data().values, [0.5, 0, 0])
  np.testing.assert_allclose(dark.get_data().values, [1, 1, 0])
  np.testing.assert_allclose(dark.get_data().baseline, [0.5, 0, 0])
  assert light.get_alpha() < dark.get_alpha()


@pytest.mark.parametrize(
  ("shares", "names"), [({}, ["a"]), (SHARES, ["only one"])]
)
def test_shares_without_a_name_are_refused(shares, names):
  with pytest.raises(ValueError, match="need a row for each of"):
    plots.categories(shares, names, "angle")
