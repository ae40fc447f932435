"""Charts of the discrete code over the steps: categories, the flow, the gaps.

Letters: S categories, P points of a curve.
"""

import functools
import itertools
from collections.abc import Sequence

import numpy as np

from cascade_jax.assignment.gaps import GAP_EDGES
from cascade_jax.plots.chart_axes import (
  FEW_POINTS,
  Panel,
  curve,
  dot,
  name_ends,
)
from cascade_jax.plots.style import INK, category_name


def code_panels(records: Sequence[dict]) -> list[Panel]:
  """The charts of a run whose codes were assigned at the end; else none."""
  keys = _counts_keys(records)
  if not keys:
    return []
  charts = [
    Panel(_counts_title(key), functools.partial(_draw_shares, key))
    for key in keys
  ]
  charts.append(
    Panel("Samples that the flow moved, % of the batch", _draw_moved)
  )
  if "gap_counts" in records[-1]:
    title = "Gap to the next code, nats, % of the batch"
    charts.append(Panel(title, _draw_gaps))
  return charts


def _counts_keys(records: Sequence[dict]) -> list[str]:
  """Of each discrete variable whose categories were assigned at the end."""
  last = records[-1]
  return [key for key in last if key.startswith("counts") and sum(last[key])]


def _counts_title(key: str) -> str:
  variable = f" of variable {key[7:]}" if key != "counts" else ""
  return f"Share of each category{variable}, % of the batch"


def _with_codes(records: Sequence[dict]) -> list[dict]:
  """The records of steps that codes were assigned in."""
  keys = _counts_keys(records)
  return [record for record in records if sum(record[keys[0]])]


def _draw_shares(key: str, axes, records) -> None:
  """The share of each category."""
  sizes = len(records[-1][key])
  _draw_bands(axes, records, key, [category_name(k) for k in range(sizes)])


def _draw_gaps(axes, records) -> None:
  """The share of each bin of the gaps' histogram; empty ones unnamed."""
  names = [
    *(f"{low:g} to {high:g}" for low, high in itertools.pairwise(GAP_EDGES)),
    f"{GAP_EDGES[-1]:g} or more",
  ]
  names = [f"below {GAP_EDGES[0]:g}", *names]
  last = curve(_with_codes(records), "gap_counts", FEW_POINTS)[-1]
  names = [name if count else "" for name, count in zip(names, last)]
  _draw_bands(axes, records, "gap_counts", names)


def _draw_bands(axes, records, key: str, names: list[str]) -> None:
  """Shares on top of each other: bands of one ink, told apart by name."""
  records = _with_codes(records)
  steps = curve(records, "step", FEW_POINTS)
  counts = curve(records, key, FEW_POINTS)  # [P, S]
  tops = 100 * np.cumsum(counts / counts.sum(axis=1, keepdims=True), axis=1)
  floors = np.concatenate([np.zeros_like(tops[:, :1]), tops[:, :-1]], axis=1)
  for k, shade in enumerate(np.linspace(0.1, 0.45, counts.shape[1])):
    band = (steps, floors[:, k], tops[:, k])
    axes.fill_between(*band, color=INK, alpha=shade, lw=0)
  axes.set_ylim(0, 100)
  named = [k for k, name in enumerate(names) if name]
  heights = (floors[-1] + tops[-1]) / 2
  name_ends(axes, heights[named], [names[k] for k in named])


def _draw_moved(axes, records) -> None:
  records = _with_codes(records)
  steps = curve(records, "step", FEW_POINTS)
  moved = 100 * curve(records, "flow_differs", FEW_POINTS)
  axes.plot(steps, moved, color=INK, lw=1.4, **dot(steps))
  axes.set_ylim(0, max(1, 1.1 * np.nan_to_num(moved).max()))
