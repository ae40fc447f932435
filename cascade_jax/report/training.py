"""The sections of a report on the training: charts and timings."""

import statistics

from cascade_jax.plots import charts
from cascade_jax.plots.chart_axes import has_phases, phase_legend
from cascade_jax.plots.information import scored_entries, scored_images
from cascade_jax.plots.style import to_svg
from cascade_jax.report.html_parts import (
  escape,
  is_number,
  milliseconds,
  paragraph,
  section,
  table,
)
from cascade_jax.report.run import Run
from cascade_jax.runs.progress import duration

_INFORMATION = (
  "Information is measured on {images}. I(x; z_j) is the mutual information "
  "between z_j and the image. It is lower than the KL of z_j, which also "
  "includes the distance of z_j from N(0, 1) over all images. I(x; z), without "
  "the discrete code, is the sum of all I(x; z_j) minus the total correlation "
  "(TC). The chart of TC shows it as the information that each dimension "
  "shares with the dimensions before it. Since I(x; z) is at most log N, which "
  "is 9.2 nats for N = 10,000 images, any information beyond that appears as "
  "TC, and TC is comparable only between equal N."
)


def training_section(run: Run) -> str:
  """Returns the section with the charts over the steps."""
  entries = run.log_entries
  if not entries:
    text = "metrics.jsonl is missing or empty."
    return section("Training", paragraph(text))
  figures = "".join(
    f'<figure class="chart"><figcaption>{escape(panel.title)}</figcaption>'
    + to_svg(charts.panel_figure(panel, entries), panel.title)
    + "</figure>"
    for panel in charts.panels(entries)
  )
  body = f'<div class="charts">{figures}</div>'
  if has_phases(entries):
    body = paragraph(phase_legend(entries), "lead") + body
  if scored_entries(entries):
    text = _INFORMATION.format(images=scored_images(entries))
    body += paragraph(text, "facts")
  return section("Training", body)


def timings_section(run: Run) -> str:
  """Returns the section with the time of a step; nothing without a log."""
  if not run.log_entries:
    return ""
  keys = ("seconds_score", "seconds_solve", "seconds_update")
  rows = []
  for name, discrete in (
    ("without the discrete code", False),
    ("with the discrete code", True),
  ):
    entries = [e for e in run.log_entries if e["discrete"] == discrete]
    if entries:
      medians = [statistics.median(e[key] for e in entries) for key in keys]
      rate = statistics.median(e["steps_per_second"] for e in entries)
      texts = [milliseconds(s) for s in (*medians, sum(medians))]
      rows.append([name, *texts, f"{rate:.1f}"])
  times = table(
    ["", "forward pass", "solver", "update", "total", "steps/s"],
    rows,
    "Milliseconds per step, medians of the logged steps",
    "numbers",
  )
  text = f"Training took {duration(run.log_entries[-1]['elapsed'])}"
  if is_number(run.evaluation.get("seconds")):
    text += f", scoring {duration(run.evaluation['seconds'])}"
  return section("Timings", times + paragraph(f"{text}.", "facts"))
