"""Pictures of what the latents know, and of how many images."""

import io

import pytest

from cascade_jax import plots
from cascade_jax.plots.information import images_scored, information_panels


def knowing(step, scored_images=10_000):
  return {
    "step": step,
    "open_dimensions": 2,
    "kl_weights": [1.0, 1.0],
    "discrete": False,
    "scored_images": scored_images,
    "index_code_information": 3.0,
    "aggregate_total_correlation": 1.0,
    "dimension_information": [2.5, 1.5],
    "information_with_earlier": [0.0, 1.0],
  }


@pytest.mark.parametrize(
  ("count", "columns", "lines"), [(1, 1, 1), (4, 4, 1), (5, 3, 2), (9, 3, 3)]
)
def test_many_runs_stand_in_several_rows(count, columns, lines):
  runs = {f"run {i}": [knowing(10), knowing(20)] for i in range(count)}
  figure = plots.information(runs)
  figure.savefig(io.BytesIO())
  titles = [axes.get_title(loc="left") for axes in figure.axes]
  assert [title for title in titles if title] == list(runs)
  grid = figure.axes[0].get_gridspec()
  assert (grid.nrows, grid.ncols) == (2 * lines, columns)
  assert len(figure.axes) == 2 * count
  labels = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
  assert labels == ["I(x; z_j), nats", "I(z_1:j-1; z_j), nats"] * lines
  assert figure.get_figwidth() < 15


def test_last_marker_is_whole():
  figure = plots.information({"a": [knowing(10), knowing(20)]})
  marked = [x for a in figure.axes for x in a.lines if x.get_marker() == "o"]
  assert len(marked) == 4
  assert not any(line.get_clip_on() for line in marked)


def test_pictures_of_information_say_of_how_many_images():
  alike = plots.information({"a": [knowing(10)], "b": [knowing(10)]})
  assert "on 10,000 images" in alike.get_supxlabel()
  assert alike.axes[0].get_title(loc="left") == "a"
  others = plots.information({"a": [knowing(10)], "b": [knowing(10, 2_000)]})
  assert "only between equal numbers" in others.get_supxlabel()
  titles = [axes.get_title(loc="left") for axes in others.axes[:2]]
  assert titles == ["a, 10,000 images", "b, 2,000 images"]


def test_panels_of_information_say_of_how_many_images():
  records = [knowing(10), knowing(20)]
  titles = [panel.title for panel in information_panels(records)]
  assert all("10,000 images" in title for title in titles) and len(titles) == 2
  changed = [knowing(10, 2_000), *records]
  assert images_scored(changed) == "2,000 to 10,000 images"
