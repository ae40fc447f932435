"""Curves over the steps of a run."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex

from cascade_jax import plots
from cascade_jax.plots import chart_axes, charts
from cascade_jax.plots.style import dimension_color, to_array, to_svg


def texts(figure):
  return [
    text.get_text()
    for axes in figure.axes
    for text in axes.texts
    if text.get_text()
  ]


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
