"""One table of several methods, from the summaries of their runs."""

from collections.abc import Mapping

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.evaluation import summary
from cascade_jax.evaluation.tables import markdown_table, mean_and_std
from cascade_jax.runs import workdir

_HEADERS = {
  "disentanglement_score": "disentanglement score (paper)",
  "disentanglement_score_dlib": "disentanglement score (dlib)",
  "classification_accuracy": "classification accuracy",
}
_NATS = {
  "index_code_information": "I(x; z), nats",
  "aggregate_total_correlation": "TC(z), nats",
}


def to_markdown(summaries: Mapping[str, dict]) -> str:
  """Returns a table with a row for each method and the scores of every seed.

  Scores are in percent. A cell holds the mean (standard deviation, n - 1), the
  best seed, and every seed in order. "paper" and "dlib" are the protocols of
  `scores.PROTOCOL`; their scores are not comparable with each other. The
  information of the latents about the image and their total correlation
  (`cascade_jax.evaluation.information`), in nats, are given as mean and
  standard deviation, and are empty for a deterministic encoder.

  Args:
    summaries: by the title of the row, from `summary.summarise`.

  Raises:
    UserError: no summaries, or summaries that differ in the data set, its
      options, the steps trained or the images scored.
  """
  _check_comparable(summaries)
  header = ["method", "m", "seeds", *_HEADERS.values(), *_NATS.values()]
  rows = []
  for name, content in summaries.items():
    seeds = ", ".join(str(run["seed"]) for run in content["runs"])
    row = [name, content["config"]["num_continuous"], seeds]
    row += _score_cells(content)
    row += [_information_cell(content, key) for key in _NATS]
    rows.append(row)
  return markdown_table(header, rows)


def _score_cells(content: dict) -> list[str]:
  names, percent = summary.percentages(content)
  columns = dict(zip(names, percent.T, strict=True))
  return [_score_cell(columns[n]) if n in columns else "" for n in _HEADERS]


def _score_cell(values: np.ndarray) -> str:
  every = " ".join(f"{value:.2f}" for value in values)
  return f"{mean_and_std(values, '**')}, best {values.max():.2f}: {every}"


def _information_cell(content: dict, key: str) -> str:
  """Returns the mean over seeds, empty unless all of them have the number."""
  entries = [run.get("information") or {} for run in content["runs"]]
  if not all(key in entry for entry in entries):
    return ""
  return mean_and_std([entry[key] for entry in entries])


def _check_comparable(summaries: Mapping[str, dict]) -> None:
  if not summaries:
    raise UserError("no summaries to compare; name one file a method")
  conditions = {
    name: {
      "data set": content["dataset"],
      "config.data": workdir.completed(content["config"])["data"],
      "steps trained": sorted({run["step"] for run in content["runs"]}),
      "images scored": sorted({run["num_images"] for run in content["runs"]}),
    }
    for name, content in summaries.items()
  }
  (first, expected), *others = conditions.items()
  for name, actual in others:
    differing = [key for key in actual if actual[key] != expected[key]]
    if differing:
      both = [f"{key} {actual[key]} and {expected[key]}" for key in differing]
      raise UserError(
        f"{name} and {first} can't stand in one table: {'; '.join(both)}. "
        "Train both for the same steps on the same data, and score both on the "
        "same images with python -m experiments.evaluate"
      )
