"""Phases, averaged curves and the placement of labels."""

import numpy as np
import pytest

from cascade_jax.plots import chart_axes


def entry(step, **stage):
  return {"step": step, "kl_weights": [1.0, 10.0], "discrete": False, **stage}


def test_phases_start_at_the_last_step_before_a_change():
  log_entries = [
    entry(10, open_dimensions=1),
    entry(20, open_dimensions=1),
    entry(30, open_dimensions=2),
    entry(40, open_dimensions=2, discrete=True),
  ]
  assert chart_axes.phases(log_entries) == [
    (0, 1, False),
    (20, 2, False),
    (30, 2, True),
  ]


def test_phases_without_kl_weights_are_those_of_the_code():
  log_entries = [entry(10), entry(20), entry(30, discrete=True)]
  assert chart_axes.phases(log_entries) == [(0, None, False), (20, None, True)]


def test_opening_dimensions_or_starting_the_code_makes_phases():
  assert chart_axes.has_phases([entry(10, open_dimensions=1)])
  assert not chart_axes.has_phases([entry(10, open_dimensions=2)])
  code = entry(20, open_dimensions=2, discrete=True)
  assert chart_axes.has_phases([entry(10, open_dimensions=2), code])
  assert not chart_axes.has_phases([code, code])


@pytest.mark.parametrize("missing", ["kl_weights", "open_dimensions"])
def test_without_kl_weights_only_the_code_makes_phases(missing):
  first = entry(10, open_dimensions=1)
  last = entry(20, open_dimensions=1, discrete=True)
  del first[missing], last[missing]
  assert not chart_axes.has_phases([first])
  assert not chart_axes.has_phases([last, last])
  assert chart_axes.has_phases([first, last])


def test_legend_names_only_what_is_drawn():
  opened = entry(10, open_dimensions=1)
  code = entry(20, discrete=True)
  legend = chart_axes.phase_legend([opened])
  assert "open dimensions" in legend and "discrete code" not in legend
  legend = chart_axes.phase_legend([code])
  assert "open dimensions" not in legend and "discrete code" in legend


def test_many_log_entries_are_averaged():
  log_entries = [{"x": float(i)} for i in range(1000)]
  curve = chart_axes.curve(log_entries, "x", max_points=10)
  expected = [sum(range(100 * i, 100 * i + 100)) / 100 for i in range(10)]
  np.testing.assert_allclose(curve, expected)


def test_labels_are_moved_apart():
  heights = np.array([0.5, 0.0, 0.51, 0.0, 1.0])
  spread = chart_axes.spread_apart(heights, gap=0.1)
  assert np.diff(np.sort(spread)).min() > 0.0999
  assert spread.min() >= 0 and spread.max() <= 1
  assert list(np.argsort(spread, kind="stable")) == [1, 3, 0, 2, 4]


def test_labels_are_moved_no_further_than_needed():
  spread = chart_axes.spread_apart(np.array([0.5, 0.5, 0.9, 0.5]), gap=0.1)
  np.testing.assert_allclose(spread, [0.4, 0.5, 0.9, 0.6])


def spread_slowly(heights, gap):
  """The same by the max-min formula of isotonic regression."""
  order = np.argsort(heights, kind="stable")
  gaps_below = gap * np.arange(len(heights))
  lowered = np.clip(heights[order], 0, 1) - gaps_below
  ranks = range(len(heights))
  rising = [
    max(
      min(lowered[i : k + 1].mean() for k in ranks[j:]) for i in ranks[: j + 1]
    )
    for j in ranks
  ]
  spread = np.empty_like(lowered)
  spread[order] = np.clip(rising, 0, 1 - gaps_below[-1]) + gaps_below
  return spread


@pytest.mark.parametrize("count", [1, 2, 5, 11, 15])
def test_labels_are_placed_as_by_the_slow_formula(count):
  rng = np.random.default_rng(count)
  for _ in range(20):
    heights = rng.uniform(-0.1, 1.1, count).round(1)  # with ties
    np.testing.assert_allclose(
      chart_axes.spread_apart(heights, gap=0.085),
      spread_slowly(heights, gap=0.085),
      atol=1e-12,
    )
