"""Curves over the steps of a run."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex

from cascade_jax import plots
from cascade_jax.plots import charts
from cascade_jax.plots.style import dimension_color, to_array, to_svg
from tests.helpers.figure_texts import texts


def make_log():
  """Twelve log entries, phases of 20 steps, the code from step 40 on."""
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


@pytest.fixture
def log_entries():
  return make_log()


@pytest.fixture(scope="module")
def figure():
  """The charts of an unchanged log; not to be changed."""
  return plots.curves(make_log())


def draw(figure):
  """Draws small: for errors, and for the places of the annotations."""
  figure.savefig(io.BytesIO(), dpi=20)


def draw_chart(name, log_entries):
  """One chart of the log by itself, with its axes."""
  (panel,) = (
    panel
    for panel in charts.panels(log_entries)
    if panel.title.startswith(name)
  )
  figure = charts.panel_figure(panel, log_entries)
  return figure, figure.axes[0]


def titles(figure):
  return [axes.get_title(loc="left") for axes in figure.axes]


def has_triangle(axes):
  return any(line.get_marker() == "v" for line in axes.lines)


def test_curves_mark_phases_and_the_code(figure):
  assert [title[:4] for title in titles(figure)] == [
    "Loss",
    "KL o",
    "Shar",
    "Cate",
  ]
  for axes in figure.axes:
    shown = [text.get_text() for text in axes.texts]
    assert "1 open" in shown and "2 + categories" in shown
    assert has_triangle(axes)
  assert {"z1", "z2", "z3"} <= set(texts(figure))
  assert "count the open dimensions" in figure.get_supxlabel()


def test_curves_without_a_code_are_two(log_entries):
  for entry in log_entries:
    entry["counts"] = [0, 0]
  assert len(plots.curves(log_entries).axes) == 2
  for entry in log_entries:
    del entry["counts"]
    del entry["kl"]  # as with a deterministic encoder
  assert len(plots.curves(log_entries).axes) == 1


def test_curves_without_a_schedule_have_no_marks(log_entries):
  steady = {"open_dimensions": 3, "discrete": True}
  figure = plots.curves([entry | steady for entry in log_entries])
  for axes in figure.axes:
    assert not any("open" in text.get_text() for text in axes.texts)
    assert not has_triangle(axes)


@pytest.mark.parametrize(
  "missing",
  [["kl_weights"], ["open_dimensions"], ["kl_weights", "open_dimensions"]],
)
def test_logs_without_kl_weights_are_drawn(log_entries, figure, missing):
  for entry in log_entries:
    for key in missing:
      del entry[key]
  without = plots.curves(log_entries)
  draw(without)
  assert titles(without) == titles(figure)
  for axes in without.axes:
    assert has_triangle(axes)  # where the code starts
  if "open_dimensions" in missing:
    shown = texts(without)
    assert "categories" in shown and "1 open" not in shown and "2" not in shown
    assert "None" not in " ".join(shown)
    assert "open dimensions" not in without.get_supxlabel()


def test_logs_without_kl_weights_and_code_have_no_marks(log_entries):
  for entry in log_entries:
    del entry["kl_weights"], entry["open_dimensions"]
    entry["discrete"] = False
  figure = plots.curves(log_entries)
  assert not any(has_triangle(axes) for axes in figure.axes)
  assert figure.get_supxlabel() == ""


def test_each_discrete_variable_has_its_shares(log_entries):
  for entry in log_entries:
    counts = entry.pop("counts")
    entry |= {"counts_1": counts, "counts_2": [counts[1], counts[0], 0]}
  figure = plots.curves(log_entries)
  assert titles(figure)[2:4] == [
    f"Share of each category of variable {d}, % of the batch" for d in (1, 2)
  ]
  assert {"c1", "c2", "c3"} <= set(texts(figure))


def test_gaps_are_labelled_where_there_are_some(log_entries):
  for entry in log_entries:
    entry["gap_counts"] = [1, 0, 2, 0, 0, 1] if entry["discrete"] else [0] * 6
  figure, _ = draw_chart("Cost gap", log_entries)
  labels = {text for text in texts(figure) if "nats" in text}
  assert labels == {"below 0.01 nats", "0.1 to 1 nats", "100 nats or more"}


def test_terms_of_a_method_are_curves_too(log_entries):
  for entry in log_entries:
    entry |= {"kl_discrete": 1.0, "weight_penalty": 0.1}
    entry |= {"total_correlation": 0.5}
  figure = plots.curves(log_entries)
  assert titles(figure)[-2:] == [
    "KL discrete",
    "Total correlation as estimated by the method, nats",
  ]
  assert len(figure.axes) == 6
  np.testing.assert_allclose(figure.axes[-1].lines[0].get_ydata(), 0.5)


def test_charts_of_costs_leave_out_steps_whose_codes_are_taught(log_entries):
  for entry in log_entries:
    entry["gap_counts"] = [1, 0, 2, 0, 0, 1]
  with_code = [entry for entry in log_entries if entry["discrete"]]
  half = len(with_code) // 2
  for entry in with_code[:half]:  # taught: categories, but no unary costs
    del entry["gap_counts"], entry["flow_differs"]
  solved = with_code[half]["step"]
  _, axes = draw_chart("Categories changed", log_entries)
  assert axes.lines[0].get_xdata()[0] >= solved
  figure, axes = draw_chart("Cost gap", log_entries)
  draw(figure)
  (first, *_) = axes.collections
  assert first.get_paths()[0].vertices[:, 0].min() >= solved
  _, axes = draw_chart("Share of each category", log_entries)
  (first, *_) = axes.collections
  assert first.get_paths()[0].vertices[:, 0].min() < solved


def test_agreement_with_the_guess_is_drawn(log_entries):
  for entry in log_entries[-2:]:
    entry |= {"disentanglement_score": 0.7, "classification_accuracy": 0.6}
    entry |= {"guess_agreement": 0.5, "scored_images": 9}
  figure, axes = draw_chart("Scores on", log_entries)
  draw(figure)
  drawn = [
    line.get_ydata().mean() for line in axes.lines if line.get_ls() == ":"
  ]
  np.testing.assert_allclose(drawn, [50])


def test_accuracy_alone_has_a_chart_too(log_entries):
  scores = {"disentanglement_score": None, "classification_accuracy": 0.6}
  log_entries[-1] |= {**scores, "scored_images": 1234}
  log_entries[-1] |= {"nmi": 0.5, "ari": 0.4}  # no terms of a loss
  axes = plots.curves(log_entries).axes[-1]
  assert axes.get_title(loc="left") == "Scores on 1,234 images, %"
  np.testing.assert_allclose(axes.lines[0].get_ydata(), 60)


def test_scores_have_a_chart_where_there_are_some(log_entries):
  scores = {"disentanglement_score": 0.7, "classification_accuracy": None}
  log_entries[1] |= {**scores, "scored_images": 1234}
  log_entries[-1] |= {**scores, "scored_images": 1234}
  figure = plots.curves(log_entries)
  draw(figure)
  axes = figure.axes[-1]
  assert axes.get_title(loc="left") == "Scores on 1,234 images, %"
  assert len(figure.axes) == 5
  np.testing.assert_allclose(axes.lines[0].get_ydata(), 70)


def test_single_log_entry_is_drawn_as_points(log_entries):
  figure = plots.curves(log_entries[-1:])
  draw(figure)
  points = [x for a in figure.axes for x in a.lines if x.get_marker() == "o"]
  assert points and not any(line.get_clip_on() for line in points)


def test_nan_is_drawn(log_entries):
  log_entries[3]["loss"] = float("nan")
  log_entries[-1]["kl"] = [float("nan")] * 3
  draw(plots.curves(log_entries))
  for entry in log_entries:
    entry["flow_differs"] = entry["loss"] = float("nan")
  draw(plots.curves(log_entries))


def test_lines_lead_from_the_labels_to_the_ends_of_the_curves(log_entries):
  log_entries[-1]["kl"] = kl = [0.51, 0.5, 0.49]
  figure, axes = draw_chart("KL", log_entries)
  to_array(figure)  # places them
  labels = [t for t in axes.texts if t.get_text() in ("z1", "z2", "z3")]
  assert len(labels) == 3
  for j, label in enumerate(labels):
    leader = label.arrow_patch
    assert to_hex(leader.get_edgecolor()) == dimension_color(j)
    tip = leader.get_transform().transform(leader.get_path().vertices[-1])
    end = axes.transData.transform((60, kl[j]))
    assert np.hypot(*(tip - end)) < 5  # pixels, of which a label takes 12
  assert "o" not in {line.get_marker() for line in axes.lines}


def test_no_line_leads_to_a_nan(log_entries):
  log_entries[-1]["kl"] = [float("nan"), 0.5, 0.0]
  _, axes = draw_chart("KL", log_entries)
  has_leader = {
    text.get_text(): bool(text.arrow_patch)
    for text in axes.texts
    if text.get_text().startswith("z")
  }
  assert has_leader == {"z1": False, "z2": True, "z3": True}


def test_logarithmic_scales_are_labelled(log_entries, figure):
  assert figure.axes[0].get_ylabel() == "log scale"
  log_entries[3]["loss"] = -1.0
  _, axes = draw_chart("Loss", log_entries)
  assert axes.get_yscale() == "linear" and axes.get_ylabel() == ""


def test_empty_logs_are_an_error():
  with pytest.raises(ValueError, match="metrics.jsonl is empty"):
    plots.curves([])


def test_svg_takes_the_colour_of_its_page_and_names_no_other_site(log_entries):
  figure, _ = draw_chart("KL", log_entries)
  svg = to_svg(figure, 'a "<title>')
  assert "currentColor" in svg and dimension_color(0) in svg
  assert "http" not in svg and "<style" not in svg
  assert 'aria-label="a &quot;&lt;title&gt;"' in svg
  assert ">z1</text>" in svg
