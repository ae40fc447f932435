"""Training curves: panels over steps, with the marks of the cascade.

Letters: m continuous dimensions, P points of a curve.
"""

import functools
from collections.abc import Sequence

from cascade_jax.errors import UserError
from cascade_jax.plots.chart_axes import (
  FONT,
  Panel,
  curve,
  dot,
  draw_marks,
  is_cascade,
  name_ends,
  phase_marks,
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

_OF_EVERY_METHOD = {
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
  "index_code_information",
  "aggregate_total_correlation",
}


def panels(records: Sequence[dict]) -> list[Panel]:
  """The charts that a run's records have something to show for.

  Args:
    records: of metrics.jsonl, in order.

  Raises:
    UserError: no records.
  """
  if not records:
    raise UserError("no records of training to draw; metrics.jsonl is empty")
  charts = [Panel("Loss and reconstruction, nats per image", _draw_loss)]
  if "kl" in records[-1]:  # a deterministic encoder has none
    charts.append(Panel("KL of each dimension, nats", _draw_kl))
  charts += code_panels(records)
  charts += [
    Panel(_term_title(name), functools.partial(_draw_term, name))
    for name in _term_names(records)
  ]
  scored = [r for r in records if r.get("disentanglement_score") is not None]
  if scored:
    title = f"Scores on {scored[-1]['scored_images']:,} images, %"
    charts.append(Panel(title, _draw_scores))
  charts += information_panels(records)
  return charts


def panel_figure(panel: Panel, records: Sequence[dict]):
  """One panel as a small matplotlib Figure without its title."""
  from matplotlib.figure import Figure

  figure = Figure(figsize=(5, 2.8))
  # The same margins for all, so that their steps stand below each other.
  _draw(figure.add_axes((0.1, 0.14, 0.67, 0.74)), panel, records)
  return figure


def curves(records: Sequence[dict]):
  """All panels with their titles, as one matplotlib Figure.

  Vertical lines stand where the schedule changed; above them is the number of
  open dimensions, and a triangle where the discrete code starts.

  Args:
    records: of metrics.jsonl, in order.

  Raises:
    UserError: no records.
  """
  from matplotlib.figure import Figure

  charts = panels(records)
  rows = -(-len(charts) // 2)
  figure = Figure(figsize=(11, 3.4 * rows), dpi=150, layout="constrained")
  figure.get_layout_engine().set(h_pad=0.12, w_pad=0.12, hspace=0.04)
  places = figure.subplots(rows, 2).flat
  for axes in places[len(charts) :]:
    axes.remove()
  for axes, panel in zip(places, charts):
    _draw(axes, panel, records)
    axes.set_title(panel.title, loc="left", size=FONT + 2, color=INK, pad=22)
  if is_cascade(records):
    key = "above: number of open dimensions"
    if any(record["discrete"] for record in records):
      key += "; triangle: the discrete code starts"
    figure.supxlabel(key, size=FONT, color=INK, alpha=0.75)
  return figure


def _term_names(records: Sequence[dict]) -> list[str]:
  """What only this method logs: `Report.terms`."""
  last = records[-1]
  return [
    key
    for key, value in last.items()
    if isinstance(value, float) and key not in _OF_EVERY_METHOD
  ]


def _term_title(name: str) -> str:
  """Batch accuracy for batch_accuracy; KL stays KL."""
  if name == "total_correlation":  # exact on other charts, and far higher
    return "Total correlation as the method itself estimates it, nats"
  title = name.replace("_", " ").replace("kl", "KL")
  return title[0].upper() + title[1:]


def _draw(axes, panel: Panel, records) -> None:
  set_style(axes, records[-1]["step"])
  panel.draw(axes, records)
  if is_cascade(records):
    draw_marks(axes, phase_marks(records), records[-1]["step"])


def _draw_loss(axes, records) -> None:
  steps = curve(records, "step")
  loss, reconstruction = (
    curve(records, key) for key in ("loss", "reconstruction")
  )
  axes.plot(steps, loss, color=INK, alpha=0.55, lw=1.2, ls="--", **dot(steps))
  axes.plot(steps, reconstruction, color=INK, lw=1.6, **dot(steps))
  if all(value > 0 for value in (*loss, *reconstruction)):
    set_log_scale(axes)
  name_ends(axes, [loss[-1], reconstruction[-1]], ["loss", "reconstruction"])


def _draw_kl(axes, records) -> None:
  steps = curve(records, "step")
  kl = curve(records, "kl")  # [P, m]
  dimensions = range(kl.shape[1])
  for j in dimensions:
    look = {"color": dimension_color(j), "ls": dimension_dashes(j)}
    axes.plot(steps, kl[:, j], lw=1.6, **look, **dot(steps))
  axes.set_ylim(bottom=0)
  ends = {j: kl[-1, j] for j in dimensions}
  unused = [j for j, end in ends.items() if end <= UNUSED_KL]
  if len(unused) > 2:  # one name for all, or theirs would push the others away
    ends = {j: end for j, end in ends.items() if j not in unused}
  names = [dimension_name(j) for j in ends]
  colors = [dimension_color(j) for j in ends]
  if len(unused) > 2:
    ends["unused"] = 0
    names.append(f"{len(unused)} unused")
    colors.append(INK)
  name_ends(axes, list(ends.values()), names, colors)


def _draw_term(name: str, axes, records) -> None:
  steps, values = curve(records, "step"), curve(records, name)
  axes.plot(steps, values, color=INK, lw=1.4, **dot(steps))


def _draw_scores(axes, records) -> None:
  """The disentanglement score, and dashed the accuracy where it is known."""
  ends, names = [], []
  dashed = {"lw": 1.2, "ls": "--", "alpha": 0.55}
  for key, name, look in (
    ("disentanglement_score", "disentangled", {"lw": 1.6}),
    ("classification_accuracy", "accuracy", dashed),
  ):
    known = [record for record in records if record.get(key) is not None]
    if known:
      steps, values = curve(known, "step"), 100 * curve(known, key)
      axes.plot(steps, values, color=INK, **look, **dot(steps))
      ends.append(values[-1])
      names.append(name)
  axes.set_ylim(0, 100)
  name_ends(axes, ends, names)
