"""The page that compares the cells of a sweep: sweep.html."""

import pathlib
from collections.abc import Sequence
from typing import Any

from cascade_jax.evaluation import scores
from cascade_jax.evaluation.tables import mean_and_std
from cascade_jax.plots.style import to_svg
from cascade_jax.plots.sweep import score_curves, score_dots
from cascade_jax.report.document import document
from cascade_jax.report.html_parts import (
  MISSING,
  Link,
  contents_list,
  escape,
  paragraph,
  section,
  table,
)
from cascade_jax.sweep.results import Group

NAME = "sweep.html"
_ELBO = "elbo_at_mean"


def page(groups: Sequence[Group], folder: pathlib.Path, title: str) -> str:
  """Returns the page: scores of every seed, their pictures, and their curves.

  Args:
    groups: the cells that are done.
    folder: of the sweep, in which the page will be.
    title: of the page.
  """
  keys = [key for key in (*scores.NAMES, _ELBO) if _has(groups, key)]
  body = _scores_section(groups, keys) + _curves_section(groups, keys)
  body += _runs_section(groups, keys, folder)
  count = sum(len(group.results) for group in groups)
  facts = f"{count} runs, {len(groups)} settings"
  head = (
    f'<header><p class="over">Sweep</p><h1>{escape(title)}</h1>'
    f'<p class="facts">{facts}</p></header>\n'
  )
  return document(title, f"{head}{contents_list(body)}{body}")


def _scores_section(groups: Sequence[Group], keys: Sequence[str]) -> str:
  rows = [
    (group.name, *(_mean(group, key) for key in keys)) for group in groups
  ]
  caption = (
    "Mean (standard deviation, n - 1) over seeds; scores and accuracy in "
    "percent, the evidence lower bound in nats per image."
  )
  header = ("setting", *(_title(key) for key in keys))
  figures = "".join(
    _figure(
      f"{_title(key)}, a dot for each seed",
      score_dots({g.name: [_value(r, key) for r in g.results] for g in groups}),
    )
    for key in keys
  )
  return section(
    "Scores",
    f'{table(header, rows, caption)}<div class="charts">{figures}</div>',
  )


def _curves_section(groups: Sequence[Group], keys: Sequence[str]) -> str:
  """Returns the scores over the steps, for those that the logs have."""
  figures = "".join(
    _figure(f"{group.name}: {_title(key)}", score_curves(group.logs, key))
    for key in keys
    for group in groups
    if any(key in entry for log in group.logs for entry in log)
  )
  text = (
    "Scores of a sample of images while training, as shares from 0 to 1; a "
    "line for each seed."
  )
  return section(
    "Curves", f'{paragraph(text)}<div class="charts">{figures}</div>'
  )


def _runs_section(
  groups: Sequence[Group], keys: Sequence[str], folder: pathlib.Path
) -> str:
  rows = []
  for group in groups:
    for one in group.results:
      report = pathlib.Path(one["folder"]).relative_to(folder) / "report.html"
      name = f"{group.name}, seed {one['seed']}"
      values = [_text(_value(one, key)) for key in keys]
      hours = f"{one['seconds'] / 3600:.2f}"
      rows.append((Link(report.as_posix(), name), *values, hours))
  header = ("run", *(_title(key) for key in keys), "hours")
  caption = "Every run, with a link to its report."
  return section("Runs", table(header, rows, caption))


def _figure(title: str, figure: Any) -> str:
  return (
    f'<figure class="chart"><figcaption>{escape(title)}</figcaption>'
    f"{to_svg(figure, title)}</figure>"
  )


def _has(groups: Sequence[Group], key: str) -> bool:
  return any(one[key] is not None for group in groups for one in group.results)


def _value(one: dict[str, Any], key: str) -> float | None:
  """Returns a score in percent, or nats; None if it isn't defined."""
  if one[key] is None:
    return None
  return one[key] if key == _ELBO else 100 * one[key]


def _mean(group: Group, key: str) -> str:
  values = [_value(one, key) for one in group.results]
  known = [value for value in values if value is not None]
  return mean_and_std(known) if known else MISSING


def _text(value: float | None) -> str:
  return MISSING if value is None else f"{value:.2f}"


def _title(key: str) -> str:
  return "ELBO at the mean" if key == _ELBO else key.replace("_", " ")
