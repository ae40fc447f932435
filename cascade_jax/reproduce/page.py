"""The page of a study, in Markdown: scores.md beside the files of results.

It says nothing that the files do not say, so it can be made from them alone.
"""

import pathlib
from collections.abc import Mapping

from cascade_jax.evaluation import scores
from cascade_jax.reproduce import pictures, tables
from cascade_jax.reproduce.seeds import ACCURACY, SCORE, median
from cascade_jax.reproduce.studies import Study
from cascade_jax.sweep.cells import parse_seeds

NAME = "scores.md"


def page(
  name: str, study: Study, summaries: Mapping[str, dict], output: pathlib.Path
) -> str:
  """Returns the page.

  Args:
    name: of the study.
    study: of that name.
    summaries: by the name of the row, of those that have results.
    output: folder of the results and the pictures.
  """
  titled = {study.rows[row].title: of for row, of in summaries.items()}
  parts = [
    f"# {study.title}",
    study.text,
    _what_is_there(name, study, summaries),
    "## Scores",
    tables.scores_table(titled, study.shows_published),
    _PROTOCOLS,
    _PUBLISHED if study.shows_published else "",
    *(_picture(output, pictures.dots_name(key)) for key in pictures.TITLES),
    "A dot is a seed, the line their mean, the grey bar its 95 % interval.",
    "## Every seed",
    tables.seeds_table(titled),
    "## Which seed would one take?",
    _CHOICES,
    tables.choices_table(titled),
    *_curves_section(study, summaries, output),
    "## Other metrics",
    _METRICS,
    tables.metrics_table(titled),
    *_traversals_section(study, summaries, output),
    "## The runs",
    _RUNS,
    tables.provenance_table(titled),
  ]
  return "\n\n".join(part for part in parts if part) + "\n"


_PROTOCOLS = (
  "Percent, mean (standard deviation, n - 1) over seeds after the last step, "
  f"and the best seed. Score: {scores.PROTOCOL[SCORE]} Accuracy: "
  f"{scores.PROTOCOL[ACCURACY]}"
)
_PUBLISHED = (
  "The paper's scores are of its own size and length, 64x64 and 300,000 steps: "
  "mean ± standard deviation over its seeds."
)
_CHOICES = (
  "All scores are after the last step. The mean is what a seed gives that is "
  "not chosen; the seed of the best ELBO is chosen without labels; the best "
  "one by label can be found with labels only."
)
_METRICS = (
  "Mean (standard deviation) over seeds, from 0 to 1, of the rows whose runs "
  "all have the metric. The dlib score, NMI and ARI are of all images scored, "
  "the others of 10,000 of them; docs/metrics.md explains each."
)
_CURVES = (
  "Scores of a sample of images during training, as shares from 0 to 1; a line "
  "for each seed whose file has them."
)
_RUNS = (
  "Hours are wall-clock time, beside whatever else the machine did; runs of "
  "earlier versions did not note them."
)
_TRAVERSALS = (
  "Of each row, the seed of the median disentanglement score: a column moves "
  "one dimension, a row has one category. Not the prettiest seed."
)


def _what_is_there(
  name: str, study: Study, summaries: Mapping[str, dict]
) -> str:
  """Returns the command, and which rows and seeds are not there yet."""
  lines = [
    f"    python -m experiments.reproduce --scale={name}",
    "trains the runs that are missing and makes this page and its files, one "
    "for each row, again.",
  ]
  planned = set(parse_seeds(study.seeds.split(",")))
  left = []
  for row, of_row in study.rows.items():
    there = {run["seed"] for run in summaries.get(row, {"runs": []})["runs"]}
    if gone := sorted(planned - there):
      seeds = "all seeds" if not there else f"seeds {_listed(gone)}"
      left.append(f"{of_row.title} ({seeds})")
  if left:
    lines.append(f"Not run yet: {'; '.join(left)}.")
  return "\n\n".join(lines)


def _curves_section(
  study: Study, summaries: Mapping[str, dict], output: pathlib.Path
) -> list[str]:
  titles = {row: study.rows[row].title for row in summaries}
  if not pictures.curves(summaries, titles):
    return []
  return ["## Curves", _CURVES, _picture(output, pictures.CURVES)]


def _traversals_section(
  study: Study, summaries: Mapping[str, dict], output: pathlib.Path
) -> list[str]:
  shown = []
  for row, summary in summaries.items():
    seed = median(summary)["seed"]
    picture = _picture(output, pictures.traversals_name(row, seed))
    if picture:
      shown += [f"{study.rows[row].title}, seed {seed}:", picture]
  return ["## Traversals", _TRAVERSALS, *shown] if shown else []


def _picture(output: pathlib.Path, name: str) -> str:
  """Returns a picture, which may only be on another machine."""
  title = pathlib.Path(name).stem.replace("_", " ")
  return f"![{title}]({name})" if (output / name).exists() else ""


def _listed(seeds: list[int]) -> str:
  return ", ".join(map(str, seeds))
