import io

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from cascade_jax import plots
from cascade_jax.plots import chart_axes, charts, plates
from cascade_jax.plots.information import images_scored, information_panels
from cascade_jax.plots.style import dimension_color, to_array, to_svg

T, R, M, SIZE = 7, 3, 4, 16
CATEGORIES = np.arange(R)[:, None]


def texts(figure):
  return [
    text.get_text()
    for axes in figure.axes
    for text in axes.texts
    if text.get_text()
  ]


@pytest.fixture
def traversals():
  rng = np.random.default_rng(0)
  return rng.random((T, R, M, SIZE, SIZE, 1), np.float32)


@pytest.fixture
def values():
  return np.linspace(-1, 1, T, dtype=np.float32)


@pytest.fixture
def records():
  """Twelve logged steps, phases of 20, the code from step 40 on."""
  return [
    {
      "step": step,
      "open_dimensions": min(1 + (step - 1) // 20, 2),
      "kl_weights": [1.0, 1.0, 10.0],
      "discrete": step > 40,
      "loss": 100.0 / step,
      "reconstruction": 90.0 / step,
      "kl": [1.0, 0.5, 0.0],
      "counts": [3, 1] if step > 40 else [0, 0],
      "flow_differs": 0.25 if step > 40 else 0.0,
    }
    for step in range(5, 65, 5)
  ]


def test_traversal_grid_names_dimensions_and_categories(traversals, values):
  kl = [2.0, 1.0, 0.1, 0.0]
  shown = texts(plots.traversal_grid(traversals, values, kl, CATEGORIES))
  assert "z1   2.00 nats" in shown
  assert "z3   0.10 nats, unused" in shown
  assert shown.count("c3") == 2  # four dimensions are two lines of blocks
  assert shown.count("\N{MINUS SIGN}1") == M


def test_traversal_grid_of_one_dimension_keeps_its_name(traversals, values):
  shown = texts(plots.traversal_grid(traversals, values, dimensions=[2]))
  assert "z3" in shown and "z1" not in shown


def test_traversal_grid_has_every_pixel_of_its_frames(traversals, values):
  """The image that a slow search by hand finds at the place of a cell."""
  figure = plots.traversal_grid(traversals, values, dimensions=[1])
  picture = to_array(figure)
  for frame, row in ((0, 0), (3, 1), (6, 2)):
    image = plates.to_pixels(traversals[frame, row, 1], target=112)
    h, w, _ = image.shape
    candidates = np.argwhere((picture[:-h, :-w] == image[0, 0]).all(-1))
    assert any(
      np.array_equal(picture[y : y + h, x : x + w], image)
      for y, x in candidates
    )


def test_without_a_code_there_are_no_row_names(traversals, values):
  for categories in (None, np.zeros((1, 0), int)):
    alone = traversals[:, :1]
    shown = texts(plots.traversal_grid(alone, values, None, categories))
    assert not any(text.startswith("c") for text in shown)


def test_joint_codes_are_named_by_each_variable(traversals, values):
  categories = np.array([[0, 0], [0, 1], [1, 0]])
  shown = texts(plots.traversal_grid(traversals, values, None, categories))
  assert shown.count("c1.2") == shown.count("c2.1") == 2


def test_gif_goes_there_and_back_for_ever(traversals, values):
  gif = Image.open(io.BytesIO(plots.traversal_gif(traversals, values)))
  assert gif.n_frames == 2 * T - 2
  assert gif.info["loop"] == 0
  frames = []
  for index in range(gif.n_frames):
    gif.seek(index)
    frames.append(np.asarray(gif.convert("RGB")).astype(int))
  assert np.abs(frames[1] - frames[-1]).max() == 0
  assert np.abs(frames[0] - frames[T - 1]).max() > 100
  width = M * 96 + (M - 1) * 12
  assert frames[0].shape[1] > width  # 16 pixels are shown as 96


def test_gif_of_dead_dimensions_still_has_all_frames(values):
  still = np.zeros((T, R, M, SIZE, SIZE, 1))
  gif = Image.open(io.BytesIO(plots.traversal_gif(still, values)))
  assert gif.n_frames == 2 * T - 2


def test_gif_keeps_the_dimensions_colours(traversals, values):
  gif = Image.open(io.BytesIO(plots.traversal_gif(traversals, values)))
  pixels = np.asarray(gif.convert("RGB")).reshape(-1, 3).astype(int)
  for j in range(M):
    color = [int(dimension_color(j)[i : i + 2], 16) for i in (1, 3, 5)]
    assert np.abs(pixels - color).max(axis=1).min() < 16


def test_color_images_and_nan_are_drawn(values):
  images = np.full((T, 1, M, 8, 8, 3), np.nan)
  images[..., 0] = 2.0
  pixels = plates.to_pixels(images, target=8)
  assert pixels[..., 0].min() == 255 and pixels[..., 1:].max() == 0
  plots.traversal_grid(images, values)


@pytest.mark.parametrize(
  ("change", "message"),
  [
    (lambda t, v: (t[0], v), "must be \\[frames"),
    (lambda t, v: (t, v[1:]), "values has 6 entries"),
    (lambda t, v: (t, v, [1.0]), "kl has 1 entries"),
    (lambda t, v: (np.repeat(t, 2, -1), v), "2 channels"),
    (lambda t, v: (t[:0], v[:0]), "must be \\[frames"),
  ],
)
def test_arrays_that_do_not_fit_are_named(traversals, values, change, message):
  with pytest.raises(ValueError, match=message):
    plots.traversal_grid(*change(traversals, values))


@pytest.mark.parametrize("count", [1, 5, 8, 11, 16])
def test_reconstructions_show_every_image(count):
  images = np.zeros((count, SIZE, SIZE, 1))
  categories = np.arange(count)[:, None] % 3
  figure = plots.reconstructions(images, images, categories)
  named = [text for text in texts(figure) if text.startswith("c")]
  assert len(named) == count


def test_reconstructions_of_other_shapes_are_refused():
  with pytest.raises(ValueError, match="of one shape"):
    plots.reconstructions(np.zeros((2, 8, 8, 1)), np.zeros((3, 8, 8, 1)))


def test_confusion_has_counts_percent_and_marks_the_relabelling():
  figure = plots.confusion([[1, 3000], [9, 0]], ["a", "$b$"], [1, 0])
  assert {"3,000\n100.0%", "9\n90.0%", "1\n10.0%"} <= set(texts(figure))
  (axes,) = figure.axes
  outlined = [tuple(p.get_xy()) for p in axes.patches if not p.get_fill()]
  assert [(int(x), int(y)) for x, y in outlined] == [(1, 0), (0, 1)]
  figure.savefig(io.BytesIO())  # a dollar is no formula


def test_confusion_refuses_names_that_do_not_fit():
  with pytest.raises(ValueError, match="there are 1 names"):
    plots.confusion([[1, 2]], ["a"])


def test_phase_marks_are_where_the_schedule_changed(records):
  assert chart_axes.phase_marks(records) == [
    (0, 1, False),
    (20, 2, False),
    (40, 2, True),
  ]


def test_curves_mark_phases_and_the_code(records):
  figure = plots.curves(records)
  assert [axes.get_title(loc="left")[:4] for axes in figure.axes] == [
    "Loss",
    "KL o",
    "Shar",
    "Samp",
  ]
  for axes in figure.axes:
    shown = [text.get_text() for text in axes.texts]
    assert "1 open" in shown and "2 + code" in shown
    assert any(line.get_marker() == "v" for line in axes.lines)
  assert {"z1", "z2", "z3"} <= set(texts(figure))


def test_curves_without_a_code_are_two(records):
  for record in records:
    record["counts"] = [0, 0]
  assert len(plots.curves(records).axes) == 2
  for record in records:
    del record["counts"]
    del record["kl"]  # a deterministic encoder's
  assert len(plots.curves(records).axes) == 1


def test_curves_without_a_cascade_have_no_marks(records):
  steady = {"open_dimensions": 3, "discrete": True}
  figure = plots.curves([record | steady for record in records])
  for axes in figure.axes:
    assert not any("open" in text.get_text() for text in axes.texts)
    assert not any(line.get_marker() == "v" for line in axes.lines)


def test_each_discrete_variable_has_its_shares(records):
  for record in records:
    counts = record.pop("counts")
    record |= {"counts_1": counts, "counts_2": [counts[1], counts[0], 0]}
  figure = plots.curves(records)
  titles = [axes.get_title(loc="left") for axes in figure.axes]
  assert titles[2:4] == [
    f"Share of each category of variable {d}, % of the batch" for d in (1, 2)
  ]
  assert {"c1", "c2", "c3"} <= set(texts(figure))


def test_what_only_one_method_logs_is_a_curve_too(records):
  for record in records:
    record |= {"kl_discrete": 1.0, "weight_penalty": 0.1}
    record |= {"total_correlation": 0.5}
  figure = plots.curves(records)
  titles = [axes.get_title(loc="left") for axes in figure.axes]
  assert titles[-2:] == [
    "KL discrete",
    "Total correlation as the method itself estimates it, nats",
  ]
  assert len(titles) == 6
  np.testing.assert_allclose(figure.axes[-1].lines[0].get_ydata(), 0.5)


def test_curves_of_scores_are_one_more_where_there_are_some(records):
  scores = {"disentanglement_score": 0.7, "classification_accuracy": None}
  records[1] |= {**scores, "scored_images": 1234}
  records[-1] |= {**scores, "scored_images": 1234}
  figure = plots.curves(records)
  figure.savefig(io.BytesIO())
  axes = figure.axes[-1]
  assert axes.get_title(loc="left") == "Scores on 1,234 images, %"
  assert len(figure.axes) == 5
  np.testing.assert_allclose(axes.lines[0].get_ydata(), 70)


def test_curves_of_one_record_and_with_nan(records):
  alone = plots.curves(records[-1:])
  alone.savefig(io.BytesIO())
  marked = [x for a in alone.axes for x in a.lines if x.get_marker() == "o"]
  assert marked and not any(line.get_clip_on() for line in marked)
  records[3]["loss"] = float("nan")
  records[-1]["kl"] = [float("nan")] * 3
  plots.curves(records).savefig(io.BytesIO())
  for record in records:
    record["flow_differs"] = record["loss"] = float("nan")
  plots.curves(records).savefig(io.BytesIO())


def test_many_records_are_averaged():
  values = [{"x": float(i)} for i in range(1000)]
  curve = chart_axes.curve(values, "x", most=10)
  expected = [sum(range(100 * i, 100 * i + 100)) / 100 for i in range(10)]
  np.testing.assert_allclose(curve, expected)


def test_names_are_moved_apart():
  heights = np.array([0.5, 0.0, 0.51, 0.0, 1.0])
  spread = chart_axes.spread_apart(heights, gap=0.1)
  assert np.diff(np.sort(spread)).min() > 0.0999
  assert spread.min() >= 0 and spread.max() <= 1
  assert list(np.argsort(spread, kind="stable")) == [1, 3, 0, 2, 4]


def test_names_are_moved_no_further_than_needed():
  spread = chart_axes.spread_apart(np.array([0.5, 0.5, 0.9, 0.5]), gap=0.1)
  np.testing.assert_allclose(spread, [0.4, 0.5, 0.9, 0.6])


def test_lines_lead_from_the_names_to_where_the_curves_end(records):
  records[-1]["kl"] = kl = [0.51, 0.5, 0.49]
  figure = plots.curves(records)
  to_array(figure)  # places them
  axes = figure.axes[1]
  names = [t for t in axes.texts if t.get_text() in ("z1", "z2", "z3")]
  for j, name in enumerate(names):
    leader = name.arrow_patch
    assert to_hex(leader.get_edgecolor()) == dimension_color(j)
    tip = leader.get_transform().transform(leader.get_path().vertices[-1])
    end = axes.transData.transform((60, kl[j]))
    assert np.hypot(*(tip - end)) < 8  # pixels, of which a name takes 19
  assert "o" not in {line.get_marker() for line in axes.lines}


def test_no_line_leads_to_a_nan(records):
  records[-1]["kl"] = [float("nan"), 0.5, 0.0]
  axes = plots.curves(records).axes[1]
  leads = {
    text.get_text(): bool(text.arrow_patch)
    for text in axes.texts
    if text.get_text().startswith("z")
  }
  assert leads == {"z1": False, "z2": True, "z3": True}


def test_logarithmic_heights_are_said_to_be(records):
  assert plots.curves(records).axes[0].get_ylabel() == "log scale"
  records[3]["loss"] = -1.0
  axes = plots.curves(records).axes[0]
  assert axes.get_yscale() == "linear" and axes.get_ylabel() == ""


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


def test_no_records_is_an_error():
  with pytest.raises(ValueError, match="metrics.jsonl is empty"):
    plots.curves([])


def test_svg_takes_the_pages_colour_and_names_no_other_site(records):
  panel = charts.panels(records)[1]
  svg = to_svg(charts.panel_figure(panel, records), 'a "<title>')
  assert "currentColor" in svg and dimension_color(0) in svg
  assert "http" not in svg and "<style" not in svg
  assert 'aria-label="a &quot;&lt;title&gt;"' in svg
  assert ">z1</text>" in svg
