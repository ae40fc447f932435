"""What the charts over steps have in common: axes, marks, curves, names.

Letters: P points of a curve.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from cascade_jax.plots.style import INK

FONT = 9
FEW_POINTS = 40  # where a batch alone says little
_MOST_POINTS = 120  # of a curve


class Panel(NamedTuple):
  """One chart over the steps."""

  title: str
  draw: Callable  # axes, records


def is_cascade(records: Sequence[dict]) -> bool:
  """Whether the schedule opens dimensions or brings the discrete code."""
  first, last = (records[k] for k in (0, -1))
  m = len(last["kl_weights"])
  return first["open_dimensions"] < m or first["discrete"] != last["discrete"]


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


def set_style(axes, last_step: int) -> None:
  """Steps from 0 to the last one below; two spines."""
  from matplotlib.ticker import EngFormatter, MaxNLocator

  axes.set_xlim(0, last_step)
  axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
  axes.xaxis.set_major_formatter(EngFormatter(sep=""))
  axes.set_xlabel("step", size=FONT, color=INK, loc="right", labelpad=1)
  axes.tick_params(colors=INK, labelsize=FONT, length=3)
  axes.spines[["top", "right"]].set_visible(False)
  axes.spines[["left", "bottom"]].set(color=INK, alpha=0.5)


def draw_marks(axes, marks, last_step: int) -> None:
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


def curve(records, key: str, most: int = _MOST_POINTS) -> np.ndarray:
  """`[P, ...]` values of a key, averaged over equal runs of records."""
  values = np.array([record[key] for record in records], float)
  parts = np.array_split(values, min(len(values), most))
  return np.stack([part.mean(axis=0) for part in parts])


def dot(steps: np.ndarray) -> dict:
  """A curve of one point is nothing to see without a marker."""
  return {"marker": "o", "clip_on": False} if len(steps) == 1 else {}


def set_log_scale(axes) -> None:
  """A logarithmic height with plain numbers at 1, 2 and 5."""
  from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

  axes.set_yscale("log")
  axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
  axes.yaxis.set_major_formatter(ScalarFormatter())
  axes.yaxis.set_minor_formatter(NullFormatter())
  axes.set_ylabel("log scale", size=FONT, color=INK, loc="top", labelpad=3)


def name_ends(axes, values, names, colors=()) -> None:
  """Names right of the curves' ends, moved apart where they'd overlap.

  A thin line leads from each end to its name, in the curve's colour.
  """
  # From the data to shares of the axes' height, whatever the scale.
  points = np.stack([np.zeros(len(values)), np.nan_to_num(values)], axis=1)
  heights = (axes.transData + axes.transAxes.inverted()).transform(points)[:, 1]
  end = axes.get_yaxis_transform()  # x as a share of the width, y a value
  leader = {"arrowstyle": "-", "lw": 0.9, "relpos": (0, 0.5), "patchA": None}
  leader |= {"shrinkA": 2, "shrinkB": 3}  # clear of the name and the marker
  for i, height in enumerate(spread_apart(heights, gap=0.085)):
    look = {"color": colors[i]} if colors else {"color": INK, "alpha": 0.5}
    axes.annotate(
      names[i],
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
  """Heights from 0 to 1 with the gap between them, moved as little as needed.

  The least sum of squares: less what each has below it, the heights need only
  rise, which is an isotonic regression.
  """
  order = np.argsort(heights, kind="stable")
  below = gap * np.arange(len(heights))
  rising = isotonic_regression(np.clip(heights[order], 0, 1) - below).x
  result = np.empty_like(rising)
  result[order] = np.clip(rising, 0, 1 - below[-1]) + below
  return result
