"""Training curves: panels over steps, with the marks of the cascade.

Letters: m continuous dimensions, S categories, P points of a curve.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cascade_jax.plots.style import (
  INK,
  UNUSED_KL,
  category_name,
  dimension_color,
  dimension_dashes,
  dimension_name,
)

_MOST_POINTS = 120  # of a curve
_FEW_POINTS = 40  # where a batch alone says little
_FONT = 9


class Panel(NamedTuple):
  """One chart over the steps."""

  title: str
  draw: Callable  # axes, records


def panels(records: Sequence[dict]) -> list[Panel]:
  """The charts that a run's records have something to show for.

  Args:
    records: of metrics.jsonl, in order.

  Raises:
    ValueError: no records.
  """
  if not records:
    raise ValueError("no records of training to draw; metrics.jsonl is empty")
  charts = [Panel("Loss and reconstruction, nats per image", _draw_loss)]
  if "kl" in records[-1]:  # a deterministic encoder has none
    charts.append(Panel("KL of each dimension, nats", _draw_kl))
  if _with_codes(records):
    charts += [
      Panel("Share of each category, % of the batch", _draw_shares),
      Panel("Samples that the flow moved, % of the batch", _draw_moved),
    ]
  scored = [r for r in records if r.get("disentanglement_score") is not None]
  if scored:
    title = f"Scores on {scored[-1]['scored_images']:,} images, %"
    charts.append(Panel(title, _draw_scores))
  return charts


def panel_figure(panel: Panel, records: Sequence[dict]):
  """One panel as a small matplotlib Figure without its title."""
  from matplotlib.figure import Figure

  figure = Figure(figsize=(5, 2.8))
  # The same margins for all, so that their steps stand below each other.
  _draw(figure.add_axes((0.07, 0.14, 0.72, 0.74)), panel, records)
  return figure


def curves(records: Sequence[dict]):
  """All panels with their titles, as one matplotlib Figure.

  Vertical lines stand where the schedule changed; above them is the number of
  open dimensions, and a triangle where the discrete code starts.

  Args:
    records: of metrics.jsonl, in order.

  Raises:
    ValueError: no records.
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
    axes.set_title(panel.title, loc="left", size=_FONT + 2, color=INK, pad=22)
  if is_cascade(records):
    key = "above: number of open dimensions"
    if any(record["discrete"] for record in records):
      key += "; triangle: the discrete code starts"
    figure.supxlabel(key, size=_FONT, color=INK, alpha=0.75)
  return figure


def is_cascade(records: Sequence[dict]) -> bool:
  """Whether the schedule opens dimensions or brings the discrete code."""
  first, last = (records[k] for k in (0, -1))
  m = len(last["kl_weights"])
  return first["open_dimensions"] < m or first["discrete"] != last["discrete"]


def _with_codes(records: Sequence[dict]) -> list[dict]:
  """The records of steps that codes were assigned in."""
  return [record for record in records if sum(record.get("counts", ()))]


def phase_marks(records: Sequence[dict]) -> list[tuple[int, int, bool]]:
  """Where the schedule changed: (step, open dimensions, discrete code on).

  A change is put at the last step logged before it, which is exact where
  log_every divides phase_steps. The first mark is the start.
  """
  marks = []
  last_step = 0
  for record in records:
    stage = (record["open_dimensions"], record["discrete"])
    if not marks or marks[-1][1:] != stage:
      marks.append((last_step, *stage))
    last_step = record["step"]
  return marks


def _draw(axes, panel: Panel, records) -> None:
  _style(axes, records[-1]["step"])
  panel.draw(axes, records)
  if is_cascade(records):
    _draw_marks(axes, phase_marks(records), records[-1]["step"])


def _style(axes, last_step: int) -> None:
  from matplotlib.ticker import EngFormatter, MaxNLocator

  axes.set_xlim(0, last_step)
  axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
  axes.xaxis.set_major_formatter(EngFormatter(sep=""))
  axes.set_xlabel("step", size=_FONT, color=INK, loc="right", labelpad=1)
  axes.tick_params(colors=INK, labelsize=_FONT, length=3)
  axes.spines[["top", "right"]].set_visible(False)
  axes.spines[["left", "bottom"]].set(color=INK, alpha=0.5)


def _draw_marks(axes, marks, last_step: int) -> None:
  """Lines at the changes, and above them what is open in between."""
  starts = np.array([mark[0] for mark in marks])
  ends = np.append(starts[1:], last_step)
  widest = int(np.argmax(ends - starts))
  above = axes.get_xaxis_transform()  # x in steps, y as a share of the height
  for i, (start, opened, discrete) in enumerate(marks):
    starts_code = discrete and not (i and marks[i - 1][2])
    if start > 0:
      axes.axvline(start, color=INK, alpha=0.2, lw=0.8, zorder=0.5)
    if starts_code:
      axes.axvline(start, color=INK, alpha=0.8, lw=1, ls=(0, (4, 3)), zorder=3)
      axes.plot(
        start, 1.02, "v", color=INK, ms=5, clip_on=False, transform=above
      )
    words = [f"{opened} open"] * (i == widest) + [f"{opened}"]
    words = [f"{opened} + code"] * starts_code + words
    share = (ends[i] - start) / last_step
    fitting = [text for text in words if 0.0125 * len(text) < share]
    if fitting:
      place = {"transform": above, "ha": "center", "size": 8, "color": INK}
      axes.text((start + ends[i]) / 2, 1.06, fitting[0], **place)


def _draw_loss(axes, records) -> None:
  steps = _curve(records, "step")
  loss, reconstruction = (
    _curve(records, key) for key in ("loss", "reconstruction")
  )
  axes.plot(steps, loss, color=INK, alpha=0.55, lw=1.2, ls="--", **_dot(steps))
  axes.plot(steps, reconstruction, color=INK, lw=1.6, **_dot(steps))
  if all(value > 0 for value in (*loss, *reconstruction)):
    _log_scale(axes)
  _name_ends(axes, [loss[-1], reconstruction[-1]], ["loss", "reconstruction"])


def _draw_kl(axes, records) -> None:
  steps = _curve(records, "step")
  kl = _curve(records, "kl")  # [P, m]
  dimensions = range(kl.shape[1])
  for j in dimensions:
    look = {"color": dimension_color(j), "ls": dimension_dashes(j)}
    axes.plot(steps, kl[:, j], lw=1.6, **look, **_dot(steps))
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
    colors.append("none")
  _name_ends(axes, list(ends.values()), names, colors)


def _draw_shares(axes, records) -> None:
  """Categories on top of each other: bands of one ink, told apart by name."""
  records = _with_codes(records)
  steps = _curve(records, "step", _FEW_POINTS)
  counts = _curve(records, "counts", _FEW_POINTS)  # [P, S]
  tops = 100 * np.cumsum(counts / counts.sum(axis=1, keepdims=True), axis=1)
  floors = np.concatenate([np.zeros_like(tops[:, :1]), tops[:, :-1]], axis=1)
  for k, shade in enumerate(np.linspace(0.1, 0.45, counts.shape[1])):
    band = (steps, floors[:, k], tops[:, k])
    axes.fill_between(*band, color=INK, alpha=shade, lw=0)
  axes.set_ylim(0, 100)
  names = [category_name(k) for k in range(counts.shape[1])]
  _name_ends(axes, (floors[-1] + tops[-1]) / 2, names)


def _draw_moved(axes, records) -> None:
  records = _with_codes(records)
  steps = _curve(records, "step", _FEW_POINTS)
  moved = 100 * _curve(records, "flow_differs", _FEW_POINTS)
  axes.plot(steps, moved, color=INK, lw=1.4, **_dot(steps))
  axes.set_ylim(0, max(1, 1.1 * np.nan_to_num(moved).max()))


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
      steps, values = _curve(known, "step"), 100 * _curve(known, key)
      axes.plot(steps, values, color=INK, **look, **_dot(steps))
      ends.append(values[-1])
      names.append(name)
  axes.set_ylim(0, 100)
  _name_ends(axes, ends, names)


def _curve(records, key: str, most: int = _MOST_POINTS) -> np.ndarray:
  """`[P, ...]` values of a key, averaged over equal runs of records."""
  values = np.array([record[key] for record in records], float)
  parts = np.array_split(values, min(len(values), most))
  return np.stack([part.mean(axis=0) for part in parts])


def _dot(steps: np.ndarray) -> dict:
  """A curve of one point is nothing to see without a marker."""
  return {"marker": "o"} if len(steps) == 1 else {}


def _log_scale(axes) -> None:
  from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

  axes.set_yscale("log")
  axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
  axes.yaxis.set_major_formatter(ScalarFormatter())
  axes.yaxis.set_minor_formatter(NullFormatter())


def _name_ends(axes, values, names, colors=()) -> None:
  """Names right of the curves' ends, moved apart where they'd overlap."""
  # From the data to shares of the axes' height, whatever the scale.
  points = np.stack([np.zeros(len(values)), np.nan_to_num(values)], axis=1)
  heights = (axes.transData + axes.transAxes.inverted()).transform(points)[:, 1]
  for i, height in enumerate(_spread(heights, gap=0.085)):
    place = {"transform": axes.transAxes, "clip_on": False}
    if colors:
      axes.plot(1.025, height, "o", color=colors[i], ms=5, **place)
    axes.text(
      1.045 if colors else 1.015,
      height,
      names[i],
      va="center",
      size=_FONT,
      color=INK,
      **place,
    )


def _spread(heights: np.ndarray, gap: float) -> np.ndarray:
  """Heights moved as little as a sweep up and one down need for the gap."""
  order = np.argsort(heights, kind="stable")
  spread = np.clip(heights[order], 0, 1)
  for i in range(1, len(spread)):
    spread[i] = max(spread[i], spread[i - 1] + gap)
  spread[-1] = min(spread[-1], 1)
  for i in range(len(spread) - 2, -1, -1):
    spread[i] = min(spread[i], spread[i + 1] - gap)
  result = np.empty_like(spread)
  result[order] = spread
  return result
