"""What the latents know, over the steps: the cascade's equations as a picture.

Letters: m continuous dimensions, P scored steps.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from cascade_jax.errors import UserError
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

_LEAST = 0.05  # nats below which a dimension isn't named
_LINE = {"marker": "o", "ms": 3, "lw": 1.6, "clip_on": False}  # few points
_MOST_COLUMNS = 4  # of runs; a wider picture can't be read on a page


def information_panels(records: Sequence[dict]) -> list[Panel]:
  """Two charts of `evaluation.information`; none where nothing was scored."""
  if not scored(records):
    return []
  images = images_scored(records)
  return [
    Panel(f"Which of {images}: known by z and each z_j, nats", _draw_known),
    Panel(f"Total correlation on {images}, by dimension, nats", _draw_repeated),
  ]


def scored(records: Sequence[dict]) -> list[dict]:
  """The records that say what the latents know."""
  return [record for record in records if "index_code_information" in record]


def images_scored(records: Sequence[dict]) -> str:
  """10,000 images; and the range where the records' numbers differ."""
  numbers = [record["scored_images"] for record in scored(records)]
  ends = sorted({min(numbers), max(numbers)})
  return f"{' to '.join(f'{end:,}' for end in ends)} images"


def information(runs: Mapping[str, Sequence[dict]]):
  """Several runs side by side, as one matplotlib Figure.

  Above what the latents know of the image, below what they repeat. The same
  heights for all, and the number of open dimensions above. Runs that a row
  has no place for stand in further rows.

  Args:
    runs: records of metrics.jsonl, by the name of the column.

  Raises:
    UserError: no runs, or one that says nothing of its latents.
  """
  from matplotlib.figure import Figure

  _check(runs)
  lines = -(-len(runs) // _MOST_COLUMNS)
  columns = -(-len(runs) // lines)
  figure = Figure(
    figsize=(1 + 3.4 * columns, 0.2 + 6.2 * lines),
    dpi=150,
    layout="constrained",
  )
  figure.get_layout_engine().set(h_pad=0.1, w_pad=0.1)
  rows = figure.subplots(2 * lines, columns, sharey="row", squeeze=False)
  # By run: its line, its column, and one of two charts.
  places = rows.reshape(lines, 2, columns).transpose(0, 2, 1).reshape(-1, 2)
  for axes in places[len(runs) :].flat:
    axes.remove()
  for (name, records), pair in zip(runs.items(), places):
    _draw_run(pair, records, runs)
    title = _title(name, records, runs)
    pair[0].set_title(title, loc="left", size=FONT + 3, color=INK, pad=22)
  for known, repeated in places[: len(runs) : columns]:
    known.set_ylabel("I(x; z_j), nats", size=FONT + 1, color=INK)
    repeated.set_ylabel("I(z_1:j-1; z_j), nats", size=FONT + 1, color=INK)
  figure.supxlabel(_caption(runs), size=FONT + 1, color=INK)
  return figure


def _check(runs) -> None:
  if not runs:
    raise UserError("no runs to draw; name one folder a run")
  for name, records in runs.items():
    if not scored(records):
      raise UserError(
        f"{name} says nothing of what its latents know: train it with "
        "--config.evaluate_every=STEPS"
      )


def _draw_run(pair, records, runs) -> None:
  """Both charts of a run, as high as all the runs need."""
  together = [record for others in runs.values() for record in others]
  for axes, draw in zip(pair, (_draw_known, _draw_repeated)):
    set_style(axes, records[-1]["step"])
    draw(axes, records, together)
    if is_cascade(records):
      draw_marks(axes, phase_marks(records), records[-1]["step"])


def _title(name: str, records, runs) -> str:
  """The run's name, with its number of images where others have another."""
  images = images_scored(records)
  return name if _numbers(runs) == {images} else f"{name}, {images}"


def _caption(runs) -> str:
  numbers = _numbers(runs)
  if len(numbers) == 1:
    return f"measured on {numbers.pop()}, a number that TC depends on"
  return (
    "measured on as many images as the titles say; TC compares only between "
    "equal numbers"
  )


def _numbers(runs) -> set[str]:
  return {images_scored(records) for records in runs.values()}


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
