"""Information in the latents over the steps: mutual information and TC.

The numbers are those of `cascade_jax.evaluation.information`, in nats.

Shapes: m continuous dimensions, P scored steps.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.plots.chart_axes import (
  FONT,
  Panel,
  curve,
  draw_phases,
  has_phases,
  label_ends,
  set_style,
)
from cascade_jax.plots.style import (
  INK,
  dimension_color,
  dimension_dashes,
  dimension_name,
)

if TYPE_CHECKING:
  from matplotlib.axes import Axes
  from matplotlib.figure import Figure

_MIN_LABELLED = 0.05  # nats; a dimension with less has no label
# A curve has few points, so each is marked.
_LINE: dict[str, Any] = {"marker": "o", "ms": 3, "lw": 1.6, "clip_on": False}
_MAX_COLUMNS = 4  # of runs; a wider picture isn't legible on a page


def information_panels(log_entries: Sequence[dict]) -> list[Panel]:
  """Returns charts of mutual information and TC; none without such entries."""
  if not scored_entries(log_entries):
    return []
  images = scored_images(log_entries)
  return [
    Panel(f"I(x; z) and each I(x; z_j) on {images}, nats", _draw_information),
    Panel(
      f"Total correlation on {images}, by dimension, nats",
      _draw_total_correlation,
    ),
  ]


def scored_entries(log_entries: Sequence[dict]) -> list[dict]:
  """Returns the log entries that hold the information in the latents."""
  return [entry for entry in log_entries if "index_code_information" in entry]


def scored_images(log_entries: Sequence[dict]) -> str:
  """Returns `10,000 images`, or a range where the entries' numbers differ."""
  numbers = [entry["scored_images"] for entry in scored_entries(log_entries)]
  ends = sorted({min(numbers), max(numbers)})
  return f"{' to '.join(f'{end:,}' for end in ends)} images"


def information(runs: Mapping[str, Sequence[dict]]) -> "Figure":
  """Returns the charts of several runs side by side, as a matplotlib Figure.

  Each run has a chart of mutual information above one of total correlation,
  both on the same scale for all runs, with the number of open dimensions above.
  Runs that don't fit into a row are continued in further rows.

  Args:
    runs: log entries by the name of the run.

  Raises:
    UserError: there are no runs, or one that didn't log its information.
  """
  from matplotlib.figure import Figure
  from matplotlib.layout_engine import ConstrainedLayoutEngine

  _check(runs)
  lines = -(-len(runs) // _MAX_COLUMNS)
  columns = -(-len(runs) // lines)
  size = (1 + 3.4 * columns, 0.2 + 6.2 * lines)
  layout = ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.1)
  figure = Figure(figsize=size, dpi=150, layout=layout)
  grid = figure.subplots(2 * lines, columns, sharey="row", squeeze=False)
  # From [line and chart, column] to [run, chart].
  pairs = grid.reshape(lines, 2, columns).transpose(0, 2, 1).reshape(-1, 2)
  for axes in pairs[len(runs) :].flat:
    axes.remove()
  for (name, log_entries), pair in zip(runs.items(), pairs):
    _draw_run(pair, log_entries, runs)
    title = _title(name, log_entries, runs)
    pair[0].set_title(title, loc="left", size=FONT + 3, color=INK, pad=22)
  for above, below in pairs[: len(runs) : columns]:
    above.set_ylabel("I(x; z_j), nats", size=FONT + 1, color=INK)
    below.set_ylabel("I(z_1:j-1; z_j), nats", size=FONT + 1, color=INK)
  figure.supxlabel(_caption(runs), size=FONT + 1, color=INK)
  return figure


def _check(runs: Mapping[str, Sequence[dict]]) -> None:
  """Raises a UserError where there is nothing to draw."""
  if not runs:
    raise UserError("there are no runs to draw; name the folder of each run")
  for name, log_entries in runs.items():
    if not scored_entries(log_entries):
      raise UserError(
        f"{name} says nothing about the information in its latents: train it "
        "with --config.evaluate_every=STEPS"
      )


def _draw_run(
  pair: np.ndarray,
  log_entries: Sequence[dict],
  runs: Mapping[str, Sequence[dict]],
) -> None:
  """Draws both charts of a run on two axes, on a scale that suits all runs."""
  all_entries = [entry for entries in runs.values() for entry in entries]
  for axes, draw in zip(pair, (_draw_information, _draw_total_correlation)):
    set_style(axes, log_entries[-1]["step"])
    draw(axes, log_entries, all_entries)
    if has_phases(log_entries):
      draw_phases(axes, log_entries)


def _title(
  name: str, log_entries: Sequence[dict], runs: Mapping[str, Sequence[dict]]
) -> str:
  """Returns the run's name, with its number of images if the runs differ."""
  images = scored_images(log_entries)
  return name if _all_scored_images(runs) == {images} else f"{name}, {images}"


def _caption(runs: Mapping[str, Sequence[dict]]) -> str:
  """Returns on how many images the runs were scored."""
  images = _all_scored_images(runs)
  if len(images) == 1:
    return f"measured on {images.pop()}; TC depends on this number"
  return (
    "measured on the number of images in the title; TC is comparable only "
    "between equal numbers"
  )


def _all_scored_images(runs: Mapping[str, Sequence[dict]]) -> set[str]:
  """Returns the different numbers of images, as text."""
  return {scored_images(log_entries) for log_entries in runs.values()}


def _draw_information(
  axes: "Axes",
  log_entries: Sequence[dict],
  scale_entries: Sequence[dict] = (),
) -> None:
  """Draws I(x; z) and a line for each I(x; z_j).

  Args:
    axes: to draw on.
    log_entries: of the run.
    scale_entries: further log entries that the vertical axis has to cover.
  """
  entries = scored_entries(log_entries)
  steps = curve(entries, "step")
  whole = curve(entries, "index_code_information")
  parts = curve(entries, "dimension_information")  # [P, m]
  axes.plot(steps, whole, color=INK, **_LINE)
  for j in range(parts.shape[1]):
    color, dashes = dimension_color(j), dimension_dashes(j)
    axes.plot(steps, parts[:, j], color=color, ls=dashes, **_LINE)
  _set_height(axes, [*entries, *scale_entries], "index_code_information")
  _label_dimensions(axes, parts[-1], parts[-1], whole[-1], "all z")


def _draw_total_correlation(
  axes: "Axes",
  log_entries: Sequence[dict],
  scale_entries: Sequence[dict] = (),
) -> None:
  """Draws TC as stacked bands, I(z_1:j-1; z_j) for each dimension.

  Args:
    axes: to draw on.
    log_entries: of the run.
    scale_entries: further log entries that the vertical axis has to cover.
  """
  entries = scored_entries(log_entries)
  steps = curve(entries, "step")
  parts = np.maximum(curve(entries, "information_with_earlier"), 0)  # [P, m]
  tops = np.cumsum(parts, axis=1)
  floors = tops - parts
  for j in range(parts.shape[1]):
    band = (steps, floors[:, j], tops[:, j])
    axes.fill_between(*band, color=dimension_color(j), alpha=0.55, lw=0)
  axes.plot(steps, tops[:, -1], color=INK, **_LINE)
  _set_height(axes, [*entries, *scale_entries], "aggregate_total_correlation")
  middles = (floors[-1] + tops[-1]) / 2
  _label_dimensions(axes, middles, parts[-1], tops[-1, -1], "TC")


def _set_height(axes: "Axes", log_entries: Sequence[dict], key: str) -> None:
  """Ends the vertical axis a little above the key's highest value."""
  highest = max(entry[key] for entry in scored_entries(log_entries))
  axes.set_ylim(0, 1.06 * max(highest, _MIN_LABELLED))


def _label_dimensions(
  axes: "Axes",
  heights: np.ndarray,
  sizes: np.ndarray,
  total: float,
  total_label: str,
) -> None:
  """Labels the total and the dimensions that contribute noticeably to it."""
  named = [j for j, size in enumerate(sizes) if size > _MIN_LABELLED]
  label_ends(
    axes,
    [total, *(heights[j] for j in named)],
    [total_label, *map(dimension_name, named)],
    [INK, *map(dimension_color, named)],
  )
