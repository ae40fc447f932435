"""What the latents know, over the steps: the cascade's equations as a picture.

Letters: m continuous dimensions, P scored steps.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from cascade_jax.plots.chart_axes import (
  FONT,
  Panel,
  curve,
  draw_marks,
  is_cascade,
  name_ends,
  phase_marks,
  set_style,
)
from cascade_jax.plots.style import (
  INK,
  dimension_color,
  dimension_dashes,
  dimension_name,
)

_KNOWN = "Which image it is: known by all of z and by each z_j, nats"
_REPEATED = "Total correlation: what each repeats of earlier ones, nats"
_LEAST = 0.05  # nats below which a dimension isn't named
_LINE = {"marker": "o", "ms": 3, "lw": 1.6}  # there are few points


def information_panels(records: Sequence[dict]) -> list[Panel]:
  """Two charts of `cascade_jax.information`; none where nothing was scored."""
  if not scored(records):
    return []
  return [Panel(_KNOWN, _draw_known), Panel(_REPEATED, _draw_repeated)]


def scored(records: Sequence[dict]) -> list[dict]:
  """The records that say what the latents know."""
  return [record for record in records if "index_code_information" in record]


def information(runs: Mapping[str, Sequence[dict]]):
  """Several runs side by side, as one matplotlib Figure.

  Above what the latents know of the image, below what they repeat. The same
  heights for all, and the number of open dimensions above.

  Args:
    runs: records of metrics.jsonl, by the name of the column.

  Raises:
    ValueError: no runs, or one that says nothing of its latents.
  """
  from matplotlib.figure import Figure

  if not runs:
    raise ValueError("no runs to draw; name one folder a run")
  for name, records in runs.items():
    if not scored(records):
      raise ValueError(
        f"{name} says nothing of what its latents know: train it with "
        "--config.evaluate_every=STEPS"
      )
  figure = Figure(
    figsize=(1 + 3.4 * len(runs), 6.2), dpi=150, layout="constrained"
  )
  figure.get_layout_engine().set(h_pad=0.1, w_pad=0.1)
  places = figure.subplots(2, len(runs), sharey="row", squeeze=False)
  together = [record for records in runs.values() for record in records]
  for column, (name, records) in zip(places.T, runs.items()):
    for axes, draw in zip(column, (_draw_known, _draw_repeated)):
      set_style(axes, records[-1]["step"])
      draw(axes, records, together)
      if is_cascade(records):
        draw_marks(axes, phase_marks(records), records[-1]["step"])
    column[0].set_title(name, loc="left", size=FONT + 3, color=INK, pad=22)
  for axes, formula in zip(places[:, 0], ("I(x; z_j)", "I(z_1:j-1; z_j)")):
    axes.set_ylabel(f"{formula}, nats", size=FONT + 1, color=INK)
  return figure


def _draw_known(axes, records, beside=()) -> None:
  """Lines, one a dimension; as high as the records `beside` need too."""
  records = scored(records)
  steps = curve(records, "step")
  whole = curve(records, "index_code_information")
  each = curve(records, "dimension_information")  # [P, m]
  axes.plot(steps, whole, color=INK, **_LINE)
  for j in range(each.shape[1]):
    look = {"color": dimension_color(j), "ls": dimension_dashes(j)}
    axes.plot(steps, each[:, j], **look, **_LINE)
  _set_heights(axes, [*records, *beside], "index_code_information")
  _name_dimensions(axes, each[-1], each[-1], whole[-1], "all")


def _draw_repeated(axes, records, beside=()) -> None:
  """Bands on top of each other, one a dimension; as `_draw_known`."""
  records = scored(records)
  steps = curve(records, "step")
  each = np.maximum(curve(records, "information_with_earlier"), 0)  # [P, m]
  tops = np.cumsum(each, axis=1)
  floors = tops - each
  for j in range(each.shape[1]):
    band = (steps, floors[:, j], tops[:, j])
    axes.fill_between(*band, color=dimension_color(j), alpha=0.55, lw=0)
  axes.plot(steps, tops[:, -1], color=INK, **_LINE)
  _set_heights(axes, [*records, *beside], "aggregate_total_correlation")
  middles = (floors[-1] + tops[-1]) / 2
  _name_dimensions(axes, middles, each[-1], tops[-1, -1], "TC")


def _set_heights(axes, records, key: str) -> None:
  highest = max(record[key] for record in scored(records))
  axes.set_ylim(0, 1.06 * max(highest, _LEAST))


def _name_dimensions(axes, heights, sizes, whole: float, name: str) -> None:
  """Names at the right for the whole and for what isn't next to nothing."""
  named = [j for j, size in enumerate(sizes) if size > _LEAST]
  name_ends(
    axes,
    [whole, *(heights[j] for j in named)],
    [name, *map(dimension_name, named)],
    [INK, *map(dimension_color, named)],
  )
