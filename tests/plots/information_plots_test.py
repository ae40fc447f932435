"""Pictures of the information in the latents, and its number of images."""

import pytest

from cascade_jax import plots
from cascade_jax.plots.information import information_panels, scored_images


def scored_entry(step, num_images=10_000):
  return {
    "step": step,
    "open_dimensions": 2,
    "kl_weights": [1.0, 1.0],
    "discrete": False,
    "scored_images": num_images,
    "index_code_information": 3.0,
    "aggregate_total_correlation": 1.0,
    "dimension_information": [2.5, 1.5],
    "information_with_earlier": [0.0, 1.0],
  }


@pytest.mark.parametrize(
  ("count", "columns", "lines"), [(1, 1, 1), (4, 4, 1), (5, 3, 2), (9, 3, 3)]
)
def test_many_runs_stand_in_several_rows(count, columns, lines):
  log_entries = [scored_entry(10), scored_entry(20)]
  runs = {f"run {i}": log_entries for i in range(count)}
  figure = plots.information(runs)
  figure.draw_without_rendering()  # a failing layout would warn
  titles = [axes.get_title(loc="left") for axes in figure.axes]
  assert [title for title in titles if title] == list(runs)
  grid = figure.axes[0].get_gridspec()
  assert (grid.nrows, grid.ncols) == (2 * lines, columns)
  assert len(figure.axes) == 2 * count
  labels = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
  assert labels == ["I(x; z_j), nats", "I(z_1:j-1; z_j), nats"] * lines
  assert figure.get_figwidth() < 15


def test_last_marker_is_whole():
  figure = plots.information({"a": [scored_entry(10), scored_entry(20)]})
  points = [x for a in figure.axes for x in a.lines if x.get_marker() == "o"]
  assert len(points) == 4
  assert not any(line.get_clip_on() for line in points)


def test_pictures_of_information_name_the_number_of_images():
  runs = {"a": [scored_entry(10)], "b": [scored_entry(10)]}
  figure = plots.information(runs)
  assert "on 10,000 images" in figure.get_supxlabel()
  assert figure.axes[0].get_title(loc="left") == "a"
  runs["b"] = [scored_entry(10, 2_000)]
  figure = plots.information(runs)
  assert "only between equal numbers" in figure.get_supxlabel()
  titles = [axes.get_title(loc="left") for axes in figure.axes[:2]]
  assert titles == ["a, 10,000 images", "b, 2,000 images"]


def test_panels_of_information_name_the_number_of_images():
  log_entries = [scored_entry(10), scored_entry(20)]
  titles = [panel.title for panel in information_panels(log_entries)]
  assert all("10,000 images" in title for title in titles) and len(titles) == 2
  log_entries.insert(0, scored_entry(10, 2_000))
  assert scored_images(log_entries) == "2,000 to 10,000 images"


@pytest.mark.parametrize("missing", ["kl_weights", "open_dimensions"])
def test_logs_without_kl_weights_are_drawn_without_phases(missing):
  log_entries = [scored_entry(10), scored_entry(20)]
  for entry in log_entries:
    del entry[missing]
  for axes in plots.information({"a": log_entries}).axes:
    assert not any("open" in text.get_text() for text in axes.texts)
