"""The sections of a report that show what a run made, found and did."""

import io
import re
import statistics

import numpy as np

from cascade_jax import plots
from cascade_jax.plots import charts
from cascade_jax.plots.chart_axes import is_cascade
from cascade_jax.plots.information import images_scored, scored
from cascade_jax.plots.style import (
  UNUSED_KL,
  category_name,
  dimension_color,
  dimension_name,
  to_svg,
)
from cascade_jax.report.html_parts import (
  command,
  escape,
  image,
  is_number,
  matrix,
  milliseconds,
  section,
  table,
)
from cascade_jax.report.run import Run
from cascade_jax.report.settings import settings_section
from cascade_jax.runs.progress import duration

_INFORMATION = (
  "What z knows is measured on {images}: I(x; z_j) is what z_j tells of which "
  "one it is. It is below the KL of z_j, which also counts how far z_j lies "
  "from N(0, 1) over all images. All of z, without the discrete code, knows "
  "the sum of each less the total correlation (TC), which is drawn as what "
  "each dimension repeats of those before it. Since z can't know more than "
  "log N, 9.2 nats of 10,000 images, what is beyond that shows as TC, and TC "
  "compares only between equal N."
)


def all_sections(run: Run) -> str:
  """Pictures, tables, curves and settings, as far as there is data."""
  sections = (
    _traversals,
    _reconstructions,
    _found,
    _training,
    _timings,
    settings_section,
  )
  return "".join(make(run) for make in sections)


def _traversals(run: Run) -> str:
  if not run.arrays and not run.evaluation:
    return ""  # the scores' section says so already
  if not run.arrays:
    text = "evaluation.npz is missing. Make it with"
    body = f"<p>{text}</p>{command(run.evaluate_command)}"
    return section("Traversals", body)
  _, rows, m, *_ = run.arrays["traversals"].shape
  low, high = (f"{run.arrays['traversal_values'][t]:g}" for t in (0, -1))
  text = (
    f"{'A row a code, a' if rows > 1 else 'A'} column a dimension. Each "
    f"dimension moves from {low} to {high} and back while the others stay at 0."
  )
  if run.evaluation.get("kl"):
    text += (
      f" KL is in nats; a dimension at or below {UNUSED_KL} carries nothing."
    )
  gif = image(
    "image/gif",
    (run.folder / "traversals.gif").read_bytes(),
    f"Animation: decoded images in {rows} rows and {m} columns; in each column "
    f"one dimension moves from {low} to {high} and back",
  )
  stills = "".join(f"<figure>{_still(run, j)}</figure>" for j in range(m))
  return section(
    "Traversals",
    f'<div class="motion"><figure>{gif}</figure>'
    f'<p class="lead">{escape(text)}</p></div>'
    f'<div class="stills">{stills}</div>',
  )


def _still(run: Run, dimension: int) -> str:
  kl = run.evaluation.get("kl")
  figure = plots.traversal_grid(*run.traversals, [dimension])
  file = io.BytesIO()
  figure.savefig(file, format="png")
  nats = f", KL {kl[dimension]:.2f} nats" if kl else ""
  alt = f"Stills of {dimension_name(dimension)}{nats}, a row a category"
  return image("image/png", file.getvalue(), alt)


def _reconstructions(run: Run) -> str:
  if not run.arrays:
    return ""
  picture = image(
    "image/png",
    (run.folder / "reconstructions.png").read_bytes(),
    f"{len(run.arrays['originals'])} images, each above its reconstruction",
  )
  has_code = run.arrays["reconstruction_categories"].size
  text = "Images of the data set above what the model makes of them" + (
    ", with the category that it takes each for." if has_code else "."
  )
  body = f'<p class="lead">{text}</p><figure class="plate">{picture}</figure>'
  return section("Reconstructions", body)


def _found(run: Run) -> str:
  """Which column stands for which factor, which category for which class."""
  evaluation, tables = run.evaluation, []
  if evaluation.get("votes"):
    votes = np.asarray(evaluation["votes"])
    tables.append(
      matrix(
        "Votes: which factor each column answers to. The outlined factor is "
        "the one that the column stands for.",
        [_with_chip(name) for name in evaluation["vote_columns"]],
        evaluation["vote_factors"],
        votes,
        np.where(votes.any(axis=1), votes.argmax(axis=1), -1),
      )
    )
  if evaluation.get("confusion"):
    counts = np.asarray(evaluation["confusion"])
    tables.append(
      matrix(
        f"Confusion: images of each category{_of_variable(evaluation)} and "
        "class, and percent of the class. The outlined class is what the "
        "category is taken for.",
        [category_name(k) for k in range(len(counts))],
        evaluation["class_names"],
        counts,
        evaluation["relabelling"],
        has_percent=True,
      )
    )
  if not tables:
    return ""
  body = f'<div class="pair">{"".join(tables)}</div>'
  return section("What stands for what", body)


def _of_variable(evaluation: dict) -> str:
  """Which discrete variable the classes are compared with, of several."""
  if "code" in evaluation["vote_columns"]:
    return ""
  return f" of variable {evaluation['class_variable']}"


def _with_chip(name: str) -> str:
  """A column's name behind its colour, where it is a dimension's."""
  found = re.fullmatch(r"z(\d+)", str(name))
  if not found:
    return escape(name)
  color = dimension_color(int(found[1]) - 1)
  return f'<i class="chip" style="background:{color}"></i>{escape(name)}'


def _training(run: Run) -> str:
  if not run.records:
    return section("Training", "<p>metrics.jsonl is missing or empty.</p>")
  figures = "".join(
    f'<figure class="chart"><figcaption>{escape(panel.title)}</figcaption>'
    + to_svg(charts.panel_figure(panel, run.records), panel.title)
    + "</figure>"
    for panel in charts.panels(run.records)
  )
  body = f'<div class="charts">{figures}</div>'
  if is_cascade(run.records):
    text = (
      "Numbers above the charts count the open dimensions. Lines stand where "
      "the schedule changes"
    )
    if any(record["discrete"] for record in run.records):
      text += ", the dashed one where the discrete code starts"
    body = f'<p class="lead">{text}.</p>{body}'
  if scored(run.records):
    text = _INFORMATION.format(images=images_scored(run.records))
    body += f'<p class="facts">{escape(text)}</p>'
  return section("Training", body)


def _timings(run: Run) -> str:
  if not run.records:
    return ""
  keys = ("seconds_score", "seconds_solve", "seconds_update")
  rows = []
  for name, discrete in (("without the code", False), ("with the code", True)):
    chosen = [r for r in run.records if r["discrete"] == discrete]
    if chosen:
      medians = [statistics.median(r[key] for r in chosen) for key in keys]
      rate = statistics.median(r["steps_per_second"] for r in chosen)
      texts = [milliseconds(s) for s in (*medians, sum(medians))]
      rows.append([name, *texts, f"{rate:.1f}"])
  times = table(
    ["", "encode and score", "solve", "update", "in all", "steps/s"],
    rows,
    "Milliseconds a step, medians of the logged steps",
    "numbers",
  )
  text = f"{duration(run.records[-1]['elapsed'])} of training"
  if is_number(run.evaluation.get("seconds")):
    text += f", {duration(run.evaluation['seconds'])} of scoring"
  return section("Timings", f'{times}<p class="facts">{text}.</p>')
