"""Building blocks of the charts over steps: axes, phases, curves, labels.

A chart is drawn from log entries, the lines of a run's metrics.jsonl in order.

Shapes: P points of a curve, n labels.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from cascade_jax.plots.style import INK

if TYPE_CHECKING:
  from matplotlib.axes import Axes

FONT = 9
COARSE_POINTS = 40  # of curves whose values on a single batch are noisy
_MAX_POINTS = 120  # of any other curve
_LABEL_GAP = 0.085  # between labels, as a share of the height of the axes


class Panel(NamedTuple):
  """One chart over the steps."""

  title: str
  draw: Callable[["Axes", Sequence[dict]], None]  # axes, log entries


class Phase(NamedTuple):
  """A stretch of training during which the schedule doesn't change."""

  start: int  # step
  open_dimensions: int | None  # None for methods without KL weights
  discrete: bool  # whether the discrete code is on


def has_phases(log_entries: Sequence[dict]) -> bool:
  """Returns whether dimensions are opened or the discrete code is started."""
  first, last = log_entries[0], log_entries[-1]
  if first["discrete"] != last["discrete"]:
    return True
  if "open_dimensions" not in first or "kl_weights" not in last:
    return False
  return first["open_dimensions"] < len(last["kl_weights"])


def phases(log_entries: Sequence[dict]) -> list[Phase]:
  """Returns the phases of a run.

  A phase starts at the last step logged before the schedule changed, which is
  exact where log_every divides phase_steps. The first one starts at 0.
  """
  result: list[Phase] = []
  last_step = 0
  for entry in log_entries:
    stage = (entry.get("open_dimensions"), entry["discrete"])
    if not result or result[-1][1:] != stage:
      result.append(Phase(last_step, *stage))
    last_step = entry["step"]
  return result


def phase_legend(log_entries: Sequence[dict]) -> str:
  """Returns sentences that explain the marks of `draw_phases`."""
  lines = "Vertical lines mark changes of the schedule"
  if any(entry["discrete"] for entry in log_entries):
    lines += "; the discrete code starts at the dashed one"
  if any("open_dimensions" in entry for entry in log_entries):
    return f"Numbers above the charts count the open dimensions. {lines}."
  return f"{lines}."


def set_style(axes: "Axes", last_step: int) -> None:
  """Sets up a horizontal axis of steps from 0 on, and hides two spines."""
  from matplotlib.ticker import EngFormatter, MaxNLocator

  axes.set_xlim(0, last_step)
  axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
  axes.xaxis.set_major_formatter(EngFormatter(sep=""))
  axes.set_xlabel("step", size=FONT, color=INK, loc="right", labelpad=1)
  axes.tick_params(colors=INK, labelsize=FONT, length=3)
  axes.spines[["top", "right"]].set_visible(False)
  axes.spines[["left", "bottom"]].set(color=INK, alpha=0.5)


def draw_phases(axes: "Axes", log_entries: Sequence[dict]) -> None:
  """Draws a line where each phase starts, and labels the phases above."""
  marks, last_step = phases(log_entries), log_entries[-1]["step"]
  starts = np.array([phase.start for phase in marks])
  ends = np.append(starts[1:], last_step)
  widest = int(np.argmax(ends - starts))
  above = axes.get_xaxis_transform()  # x in steps, y as a share of the height
  for i, phase in enumerate(marks):
    starts_code = phase.discrete and not (i and marks[i - 1].discrete)
    if phase.start > 0:
      axes.axvline(phase.start, color=INK, alpha=0.2, lw=0.8, zorder=0.5)
    if starts_code:
      dashes = (0, (4, 3))
      axes.axvline(phase.start, color=INK, alpha=0.8, lw=1, ls=dashes, zorder=3)
      axes.plot(
        phase.start, 1.02, "v", color=INK, ms=5, clip_on=False, transform=above
      )
    # The longest label that is narrower than the phase, if there is one.
    share = (ends[i] - phase.start) / last_step
    labels = _phase_labels(phase, i == widest, starts_code)
    fitting = [label for label in labels if 0.0125 * len(label) < share]
    if fitting:
      axes.text(
        (phase.start + ends[i]) / 2,
        1.06,
        fitting[0],
        transform=above,
        ha="center",
        size=8,
        color=INK,
      )


def _phase_labels(
  phase: Phase, is_widest: bool, starts_code: bool
) -> list[str]:
  """Returns what a phase may be labelled with, the most telling label first."""
  if phase.open_dimensions is None:
    return ["categories"] if starts_code else []
  labels = [f"{phase.open_dimensions}"]
  if is_widest:
    labels.insert(0, f"{phase.open_dimensions} open")
  if starts_code:
    labels.insert(0, f"{phase.open_dimensions} + categories")
  return labels


def curve(
  log_entries: Sequence[dict], key: str, max_points: int = _MAX_POINTS
) -> np.ndarray:
  """Returns `[P, ...]` values of a key, averaged over runs of log entries."""
  values = np.array([entry[key] for entry in log_entries], float)
  parts = np.array_split(values, min(len(values), max_points))
  return np.stack([part.mean(axis=0) for part in parts])


def marker(steps: np.ndarray) -> dict:
  """Returns line options that make a curve of a single point visible."""
  return {"marker": "o", "clip_on": False} if len(steps) == 1 else {}


def set_log_scale(axes: "Axes") -> None:
  """Makes the vertical axis logarithmic, with plain numbers at 1, 2 and 5."""
  from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

  axes.set_yscale("log")
  axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
  axes.yaxis.set_major_formatter(ScalarFormatter())
  axes.yaxis.set_minor_formatter(NullFormatter())
  axes.set_ylabel("log scale", size=FONT, color=INK, loc="top", labelpad=3)


def label_ends(
  axes: "Axes",
  values: Sequence[float],
  labels: Sequence[str],
  colors: Sequence[str] = (),
) -> None:
  """Writes labels right of the ends of curves, apart from each other.

  A thin line leads from each end to its label, in the colour of the curve.

  Args:
    axes: with their final vertical scale.
    values: `[n]`, the last value of each curve; NaN gets no line.
    labels: n of them.
    colors: n of them; thin ink by default.
  """
  # From data to shares of the height of the axes, whatever the scale.
  points = np.stack([np.zeros(len(values)), np.nan_to_num(values)], axis=1)
  heights = (axes.transData + axes.transAxes.inverted()).transform(points)[:, 1]
  end = axes.get_yaxis_transform()  # x as a share of the width, y a value
  leader = {"arrowstyle": "-", "lw": 0.9, "relpos": (0, 0.5), "patchA": None}
  leader |= {"shrinkA": 2, "shrinkB": 3}  # clear of the label and the marker
  for i, height in enumerate(spread_apart(heights, _LABEL_GAP)):
    look = {"color": colors[i]} if colors else {"color": INK, "alpha": 0.5}
    axes.annotate(
      labels[i],
      (1, values[i]),
      (1.06, height),
      xycoords=end,
      textcoords="axes fraction",
      va="center",
      size=FONT,
      color=INK,
      arrowprops=leader | look if np.isfinite(values[i]) else None,
      annotation_clip=False,
    )


def spread_apart(heights: np.ndarray, gap: float) -> np.ndarray:
  """Returns `[n]` heights in [0, 1] that are at least `gap` apart.

  They have the least sum of squared distances from `heights`: once each height
  is lowered by the gaps below it, the heights only have to be non-decreasing,
  which is an isotonic regression.
  """
  order = np.argsort(heights, kind="stable")
  gaps_below = gap * np.arange(len(heights))
  lowered = np.clip(heights[order], 0, 1) - gaps_below
  lowered = isotonic_regression(lowered).x
  spread = np.empty_like(lowered)
  spread[order] = np.clip(lowered, 0, 1 - gaps_below[-1]) + gaps_below
  return spread
