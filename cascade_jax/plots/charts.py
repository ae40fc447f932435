"""Training curves: charts over the steps, with the phases of the schedule.

Shapes: m continuous dimensions, P points of a curve.
"""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cascade_jax.errors import UserError
from cascade_jax.plots.chart_axes import (
  FONT,
  Panel,
  curve,
  draw_phases,
  has_phases,
  label_ends,
  marker,
  phase_legend,
  set_log_scale,
  set_style,
)
from cascade_jax.plots.code_charts import code_panels
from cascade_jax.plots.information import information_panels
from cascade_jax.plots.style import (
  INK,
  UNUSED_KL,
  dimension_color,
  dimension_dashes,
  dimension_name,
)

if TYPE_CHECKING:
  from matplotlib.axes import Axes
  from matplotlib.figure import Figure

# Numbers that a method without terms of its own logs too.
_COMMON_KEYS = {
  "loss",
  "reconstruction",
  "weight_penalty",
  "flow_differs",
  "seconds_score",
  "seconds_solve",
  "seconds_update",
  "steps_per_second",
  "elapsed",
  "disentanglement_score",
  "disentanglement_score_dlib",
  "classification_accuracy",
  "nmi",
  "ari",
  "guess_agreement",
  "index_code_information",
  "aggregate_total_correlation",
}


# By key: the label of a score, and how its line looks.
_SCORES: dict[str, tuple[str, dict]] = {
  "disentanglement_score": ("disentanglement", {"lw": 1.6}),
  "classification_accuracy": (
    "accuracy",
    {"lw": 1.2, "ls": "--", "alpha": 0.55},
  ),
  "guess_agreement": ("like the guess", {"lw": 1.4, "ls": ":", "alpha": 0.8}),
}


def panels(log_entries: Sequence[dict]) -> list[Panel]:
  """Returns the charts that a run's log entries hold data for.

  Args:
    log_entries: the lines of metrics.jsonl, in order.

  Raises:
    UserError: there are no log entries.
  """
  if not log_entries:
    raise UserError("no log entries to draw; metrics.jsonl is empty")
  charts = [Panel("Loss and reconstruction, nats per image", _draw_loss)]
  if "kl" in log_entries[-1]:  # a deterministic encoder has none
    charts.append(Panel("KL of each dimension, nats", _draw_kl))
  charts += code_panels(log_entries)
  charts += [
    Panel(_term_title(name), functools.partial(_draw_term, name))
    for name in _term_names(log_entries)
  ]
  scored = _entries_with(log_entries, "scored_images")
  if any(_entries_with(scored, key) for key in _SCORES):
    title = f"Scores on {scored[-1]['scored_images']:,} images, %"
    charts.append(Panel(title, _draw_scores))
  charts += information_panels(log_entries)
  return charts


def panel_figure(panel: Panel, log_entries: Sequence[dict]) -> "Figure":
  """Returns one chart as a small matplotlib Figure without its title."""
  from matplotlib.figure import Figure

  figure = Figure(figsize=(5, 2.8))
  # The same margins for all, so that their steps stand below each other.
  axes = figure.add_axes((0.1, 0.14, 0.65, 0.74))
  _draw(axes, panel, log_entries)
  return figure


def curves(log_entries: Sequence[dict]) -> "Figure":
  """Returns all charts with their titles, as one matplotlib Figure.

  Vertical lines mark changes of the schedule. Above them stands the number of
  open dimensions, and a triangle where the discrete code starts.

  Args:
    log_entries: the lines of metrics.jsonl, in order.

  Raises:
    UserError: there are no log entries.
  """
  from matplotlib.figure import Figure
  from matplotlib.layout_engine import ConstrainedLayoutEngine

  charts = panels(log_entries)
  rows = -(-len(charts) // 2)
  layout = ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.12, hspace=0.04)
  figure = Figure(figsize=(11, 3.4 * rows), dpi=150, layout=layout)
  places = figure.subplots(rows, 2).flat
  for axes in places[len(charts) :]:
    axes.remove()
  for axes, panel in zip(places, charts):
    _draw(axes, panel, log_entries)
    axes.set_title(panel.title, loc="left", size=FONT + 2, color=INK, pad=22)
  if has_phases(log_entries):
    legend = phase_legend(log_entries)
    figure.supxlabel(legend, size=FONT, color=INK, alpha=0.75)
  return figure


def _entries_with(log_entries: Sequence[dict], key: str) -> list[dict]:
  """Returns the log entries in which the key has a value."""
  return [entry for entry in log_entries if entry.get(key) is not None]


def _term_names(log_entries: Sequence[dict]) -> list[str]:
  """Returns the keys of the loss terms that only this method logs."""
  return [
    key
    for key, value in log_entries[-1].items()
    if isinstance(value, float) and key not in _COMMON_KEYS
  ]


def _term_title(name: str) -> str:
  """Returns a chart's title, such as Batch accuracy for batch_accuracy."""
  if name == "total_correlation":  # exact on other charts, and far higher
    return "Total correlation as estimated by the method, nats"
  title = name.replace("_", " ").replace("kl", "KL")
  return title[0].upper() + title[1:]


def _draw(axes: "Axes", panel: Panel, log_entries: Sequence[dict]) -> None:
  """Draws a chart and the phases of the schedule."""
  set_style(axes, log_entries[-1]["step"])
  panel.draw(axes, log_entries)
  if has_phases(log_entries):
    draw_phases(axes, log_entries)


def _draw_loss(axes: "Axes", log_entries: Sequence[dict]) -> None:
  """Draws the reconstruction term and, dashed, the whole loss."""
  steps = curve(log_entries, "step")
  loss = curve(log_entries, "loss")
  reconstruction = curve(log_entries, "reconstruction")
  point = marker(steps)
  axes.plot(steps, loss, color=INK, alpha=0.55, lw=1.2, ls="--", **point)
  axes.plot(steps, reconstruction, color=INK, lw=1.6, **point)
  if all(value > 0 for value in (*loss, *reconstruction)):
    set_log_scale(axes)
  label_ends(axes, [loss[-1], reconstruction[-1]], ["loss", "reconstruction"])


def _draw_kl(axes: "Axes", log_entries: Sequence[dict]) -> None:
  """Draws a line for each dimension; many unused ones share a label."""
  steps = curve(log_entries, "step")
  kl = curve(log_entries, "kl")  # [P, m]
  dimensions = range(kl.shape[1])
  for j in dimensions:
    color, dashes = dimension_color(j), dimension_dashes(j)
    axes.plot(steps, kl[:, j], lw=1.6, color=color, ls=dashes, **marker(steps))
  axes.set_ylim(bottom=0)
  unused = [j for j in dimensions if kl[-1, j] <= UNUSED_KL]
  if len(unused) <= 2:
    unused = []
  named = [j for j in dimensions if j not in unused]
  ends = [kl[-1, j] for j in named]
  labels = [dimension_name(j) for j in named]
  colors = [dimension_color(j) for j in named]
  if unused:  # labels of their own would push the others away
    ends.append(0)
    labels.append(f"{len(unused)} unused")
    colors.append(INK)
  label_ends(axes, ends, labels, colors)


def _draw_term(name: str, axes: "Axes", log_entries: Sequence[dict]) -> None:
  """Draws a loss term of the method."""
  steps, values = curve(log_entries, "step"), curve(log_entries, name)
  axes.plot(steps, values, color=INK, lw=1.4, **marker(steps))


def _draw_scores(axes: "Axes", log_entries: Sequence[dict]) -> None:
  """Draws the disentanglement score, any accuracy, and what a guess shares."""
  ends, labels = [], []
  for key, (label, look) in _SCORES.items():
    scored = _entries_with(log_entries, key)
    if scored:
      steps, values = curve(scored, "step"), 100 * curve(scored, key)
      axes.plot(steps, values, color=INK, **look, **marker(steps))
      ends.append(values[-1])
      labels.append(label)
  axes.set_ylim(0, 100)
  label_ends(axes, ends, labels)
