"""Charts of the discrete code over the steps: categories, solver, gaps.

Shapes: S categories or bins, P points of a curve.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cascade_jax.assignment.gaps import GAP_EDGES
from cascade_jax.plots.chart_axes import (
  COARSE_POINTS,
  Panel,
  curve,
  label_ends,
  marker,
)
from cascade_jax.plots.style import INK, category_name

if TYPE_CHECKING:
  from matplotlib.axes import Axes


def code_panels(log_entries: Sequence[dict]) -> list[Panel]:
  """Returns the charts of a run whose last step assigned codes, else none."""
  keys = _counts_keys(log_entries)
  if not keys:
    return []
  charts = [
    Panel(_counts_title(key), functools.partial(_draw_shares, key))
    for key in keys
  ]
  title = "Categories changed by the flow solver, % of the batch"
  if "flow_differs" in log_entries[-1]:
    charts.append(Panel(title, _draw_changed))
  if "gap_counts" in log_entries[-1]:
    title = "Cost gap to the next-best category, % of the batch"
    charts.append(Panel(title, _draw_gaps))
  return charts


def _counts_keys(log_entries: Sequence[dict]) -> list[str]:
  """Returns a key for each discrete variable assigned in the last step."""
  last = log_entries[-1]
  return [key for key in last if key.startswith("counts") and sum(last[key])]


def _counts_title(key: str) -> str:
  """Returns a chart's title for the key `counts`, or `counts_1` and so on."""
  variable = f" of variable {key[7:]}" if key != "counts" else ""
  return f"Share of each category{variable}, % of the batch"


def _entries_with_codes(log_entries: Sequence[dict], key: str) -> list[dict]:
  """Returns the log entries of steps that assigned codes and have a key.

  Steps whose codes are taught have counts only.
  """
  counts = _counts_keys(log_entries)[0]
  return [entry for entry in log_entries if sum(entry[counts]) and key in entry]


def _draw_shares(key: str, axes: "Axes", log_entries: Sequence[dict]) -> None:
  """Draws the share of each category."""
  num_categories = len(log_entries[-1][key])
  names = [category_name(k) for k in range(num_categories)]
  _draw_bands(axes, log_entries, key, names)


def _draw_gaps(axes: "Axes", log_entries: Sequence[dict]) -> None:
  """Draws the share of each bin of the gaps; empty bins have no label."""
  names = [
    f"below {GAP_EDGES[0]:g} nats",
    *(f"{a:g} to {b:g} nats" for a, b in itertools.pairwise(GAP_EDGES)),
    f"{GAP_EDGES[-1]:g} nats or more",
  ]
  entries = _entries_with_codes(log_entries, "gap_counts")
  last_counts = curve(entries, "gap_counts", COARSE_POINTS)[-1]
  names = [name if count else "" for name, count in zip(names, last_counts)]
  _draw_bands(axes, log_entries, "gap_counts", names)


def _draw_bands(
  axes: "Axes", log_entries: Sequence[dict], key: str, names: list[str]
) -> None:
  """Draws shares as stacked bands of one ink, told apart by their labels."""
  entries = _entries_with_codes(log_entries, key)
  steps = curve(entries, "step", COARSE_POINTS)
  counts = curve(entries, key, COARSE_POINTS)  # [P, S]
  tops = 100 * np.cumsum(counts / counts.sum(axis=1, keepdims=True), axis=1)
  floors = np.concatenate([np.zeros_like(tops[:, :1]), tops[:, :-1]], axis=1)
  for k, shade in enumerate(np.linspace(0.1, 0.45, counts.shape[1])):
    band = (steps, floors[:, k], tops[:, k])
    axes.fill_between(*band, color=INK, alpha=shade, lw=0)
  axes.set_ylim(0, 100)
  named = [k for k, name in enumerate(names) if name]
  middles = (floors[-1] + tops[-1]) / 2
  label_ends(axes, middles[named], [names[k] for k in named])


def _draw_changed(axes: "Axes", log_entries: Sequence[dict]) -> None:
  """Draws the share of images whose category isn't their cheapest one."""
  entries = _entries_with_codes(log_entries, "flow_differs")
  steps = curve(entries, "step", COARSE_POINTS)
  changed = 100 * curve(entries, "flow_differs", COARSE_POINTS)
  axes.plot(steps, changed, color=INK, lw=1.4, **marker(steps))
  axes.set_ylim(0, max(1, 1.1 * np.nan_to_num(changed).max()))
