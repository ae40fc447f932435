"""The tables of a study, in Markdown, from the files of its results."""

from collections.abc import Iterable, Mapping

from cascade_jax.evaluation import scores
from cascade_jax.evaluation.tables import markdown_table, mean_and_std
from cascade_jax.methods import registry
from cascade_jax.reproduce.seeds import ACCURACY, SCORE, best, chosen, seeds

_MISSING = "-"
_BOTH = (SCORE, ACCURACY)
_SHORT = {SCORE: "score", ACCURACY: "accuracy"}


def scores_table(
  summaries: Mapping[str, dict], shows_published: bool = True
) -> str:
  """Returns the paper's table: mean (std) and best of both scores.

  Args:
    summaries: by the title of the row.
    shows_published: whether there are columns of the paper's own scores.
  """
  header = ["method", "m", "seeds"]
  for key in _BOTH:
    header += [_SHORT[key], "best"]
    header += ["the paper's, full size"] if shows_published else []
  rows = []
  for title, summary in summaries.items():
    row = [title, summary["config"]["num_continuous"], len(summary["runs"])]
    for key, published in zip(_BOTH, _published(summary), strict=True):
      found = seeds(summary, key)
      row += [mean_and_std(found.values, "**") if found else _MISSING]
      row += [f"{max(found.values):.2f}" if found else _MISSING]
      row += [published] if shows_published else []
    rows.append(row)
  return markdown_table(header, rows)


def choices_table(summaries: Mapping[str, dict]) -> str:
  """Returns what one gets by taking one seed: any, by ELBO, by label."""
  header = ["method"]
  for key in _BOTH:
    header += [f"{_SHORT[key]}, mean", "of the best ELBO", "best by label"]
  rows = []
  for title, summary in summaries.items():
    row = [title]
    choice = chosen(summary)
    for key in _BOTH:
      found = seeds(summary, key)
      if found is None:
        row += [_MISSING] * 3
        continue
      row.append(mean_and_std(found.values))
      row.append(_of_run(choice, key) if choice else _MISSING)
      row.append(_of_run(best(summary, key), key))
    rows.append(row)
  return markdown_table(header, rows)


def seeds_table(summaries: Mapping[str, dict]) -> str:
  """Returns both scores of every seed."""
  rows = []
  for title, summary in summaries.items():
    for key in _BOTH:
      if found := seeds(summary, key):
        pairs = zip(summary["runs"], found.values, strict=True)
        every = ", ".join(f"{run['seed']}: {x:.2f}" for run, x in pairs)
        rows.append([title, _SHORT[key], every])
  return markdown_table(["method", "", "every seed"], rows)


def metrics_table(summaries: Mapping[str, dict]) -> str:
  """Returns all other metrics, one a row, mean (std) over seeds, 0 to 1.

  Empty if no row of the study has one in all its runs.
  """
  of_rows = {
    title: _common_metrics(summary) for title, summary in summaries.items()
  }
  of_rows = {title: found for title, found in of_rows.items() if found}
  names = dict.fromkeys(name for found in of_rows.values() for name in found)
  rows = [
    [
      name.replace("_", " "),
      *(
        mean_and_std(found[name]) if name in found else _MISSING
        for found in of_rows.values()
      ),
    ]
    for name in names
  ]
  return markdown_table(["metric", *of_rows], rows) if of_rows else ""


def provenance_table(summaries: Mapping[str, dict]) -> str:
  """Returns on what the runs of each row ran, and for how long."""
  rows = []
  for title, summary in summaries.items():
    runs = summary["runs"]
    hours = [run["seconds"] / 3600 for run in runs if "seconds" in run]
    rows.append(
      [
        title,
        _all_of(run["step"] for run in runs),
        _all_of(run["num_images"] for run in runs),
        f"{sum(hours) / len(hours):.2f}" if hours else _MISSING,
        _all_of(run.get("device", _MISSING) for run in runs),
        _all_of(run.get("versions", {}).get("jax", _MISSING) for run in runs),
        _all_of((run.get("git_commit") or _MISSING)[:7] for run in runs),
      ]
    )
  header = ("method", "steps", "images scored", "hours a run", "device")
  return markdown_table((*header, "jax", "commits"), rows)


def _common_metrics(summary: dict) -> dict[str, list[float]]:
  """Returns the metrics that all runs have, but for those of other tables."""
  every: list[dict[str, float]] = [
    {
      **{name: run.get(name) for name in scores.NAMES if name not in _BOTH},
      **(run.get("metrics") or {}),
    }
    for run in summary["runs"]
  ]
  names = [x for x in every[0] if all(run.get(x) is not None for run in every)]
  return {name: [run[name] for run in every] for name in names}


def _published(summary: dict) -> tuple[str, str]:
  """Returns the paper's scores of the method with as many dimensions."""
  about = registry.about(summary["config"])
  m = summary["config"]["num_continuous"]
  published = about.published.get(m, ()) if about else ()
  score, accuracy, *_ = (*published, _MISSING, _MISSING)
  return score, accuracy


def _of_run(run: dict, key: str) -> str:
  return f"{100 * run[key]:.2f} (seed {run['seed']})"


def _all_of(values: Iterable[object]) -> str:
  return ", ".join(dict.fromkeys(map(str, values)))
