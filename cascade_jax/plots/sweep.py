"""Pictures of a sweep: the scores of all seeds, and their curves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade_jax.plots.chart_axes import FONT, set_style
from cascade_jax.plots.style import INK

if TYPE_CHECKING:
  from matplotlib.axes import Axes
  from matplotlib.figure import Figure

_WIDTH, _ROW = 4.6, 0.36  # inches
_MAX_NAME = 28  # letters


def score_dots(
  scores: Mapping[str, Sequence[float | None]],
  intervals: Mapping[str, tuple[float, float]] | None = None,
) -> "Figure":
  """Draws a dot for each seed, in a row for each group, and a line at its mean.

  Args:
    scores: of the seeds of each group; None where there is none.
    intervals: of the means of some groups, each drawn as a bar.
  """
  from matplotlib.figure import Figure

  figure = Figure(
    (_WIDTH, 0.7 + _ROW * len(scores)), layout="constrained", dpi=150
  )
  axes = figure.subplots()
  for row, (name, values) in enumerate(scores.items()):
    known = [value for value in values if value is not None]
    if not known:
      continue
    axes.plot(known, [row] * len(known), "o", color=INK, alpha=0.55, ms=5)
    mean = float(np.mean(known))
    axes.plot([mean, mean], [row - 0.3, row + 0.3], color=INK, lw=1.6)
    if intervals and name in intervals:
      axes.plot(intervals[name], [row, row], color=INK, lw=5, alpha=0.25)
  axes.set_yticks(range(len(scores)), [name[:_MAX_NAME] for name in scores])
  axes.set_ylim(len(scores) - 0.5, -0.5)
  axes.tick_params(colors=INK, labelsize=FONT, length=3)
  axes.spines[["top", "right"]].set_visible(False)
  axes.spines[["left", "bottom"]].set(color=INK, alpha=0.5)
  return figure


def score_curves(
  logs: Sequence[Sequence[Mapping[str, Any]]], key: str
) -> "Figure":
  """Draws a score over the steps, a line for each seed of one group.

  Args:
    logs: the log entries of each seed, with the key where it was scored.
    key: of the score.
  """
  from matplotlib.figure import Figure

  figure = Figure((_WIDTH, 2.2), layout="constrained", dpi=150)
  _draw_curves(figure.subplots(), logs, key)
  return figure


def curve_panels(
  logs: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]],
  keys: Mapping[str, str],
) -> "Figure":
  """Draws scores over the steps: a row for each group, a column for each score.

  Args:
    logs: of the seeds of each group, as in `score_curves`.
    keys: of the scores, and their titles. They are shares from 0 to 1.
  """
  from matplotlib.figure import Figure

  size = (_WIDTH * len(keys), 0.4 + 1.5 * len(logs))
  figure = Figure(size, layout="constrained", dpi=110)
  panels = figure.subplots(len(logs), len(keys), squeeze=False)
  for row, (name, of_group) in zip(panels, logs.items(), strict=True):
    for axes, (key, title) in zip(row, keys.items(), strict=True):
      _draw_curves(axes, of_group, key)
      axes.set_ylim(0, 1.04)
      axes.set_title(f"{name}: {title}", size=FONT, color=INK, loc="left")
  return figure


def _draw_curves(
  axes: "Axes", logs: Sequence[Sequence[Mapping[str, Any]]], key: str
) -> None:
  last = 1
  for entries in logs:
    scored = [entry for entry in entries if entry.get(key) is not None]
    steps = [entry["step"] for entry in scored]
    axes.plot(
      steps,
      [entry[key] for entry in scored],
      "o-",
      color=INK,
      alpha=0.55,
      ms=2.5,
      lw=1.2,
      clip_on=False,
    )
    last = max([last, *steps])
  set_style(axes, last)
