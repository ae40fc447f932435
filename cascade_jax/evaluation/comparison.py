"""One table of several methods, from the summaries of their runs."""

from collections.abc import Mapping

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.evaluation import scores, summary

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
  """The table: a row a method; scores, in percent, of every seed.

  A cell is the mean (standard deviation, n - 1), best: every seed, in the
  order of the seeds. "paper" and "dlib" are the protocols of `scores.PROTOCOL`;
  the two are not comparable with each other. What the latents know of the image
  and their total correlation (`cascade_jax.evaluation.information`) are mean
  and standard deviation; empty for a deterministic encoder.

  Args:
    summaries: by the name of the row, as `summary.summarise` makes them.

  Raises:
    UserError: no summaries, or such that differ in data set, its options,
      steps trained or images scored.
  """
  _check_comparable(summaries)
  header = ["method", "m", "seeds", *_HEADERS.values(), *_NATS.values()]
  lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
  for name, content in summaries.items():
    seeds = ", ".join(str(run["seed"]) for run in content["runs"])
    cells = [name, str(content["config"]["num_continuous"]), seeds]
    cells += _cells(content) + [_nats(content, key) for key in _NATS]
    lines.append(f"| {' | '.join(cells)} |")
  return "\n".join(lines)


def _cells(content: dict) -> list[str]:
  names, percent = summary.percentages(content)
  columns = dict(zip(names, percent.T, strict=True))
  return [_cell(columns[n]) if n in columns else "" for n in scores.NAMES]


def _cell(values: np.ndarray) -> str:
  every = " ".join(f"{value:.2f}" for value in values)
  return f"{_mean(values, '**')}, best {values.max():.2f}: {every}"


def _nats(content: dict, key: str) -> str:
  found = [run.get("information") or {} for run in content["runs"]]
  if not all(key in information for information in found):
    return ""
  return _mean(np.array([information[key] for information in found]))


def _mean(values: np.ndarray, bold: str = "") -> str:
  std = f" ({values.std(ddof=1):.2f})" if len(values) > 1 else ""
  return f"{bold}{values.mean():.2f}{bold}{std}"


def _check_comparable(summaries: Mapping[str, dict]) -> None:
  if not summaries:
    raise UserError("no summaries to compare; name one file a method")
  seen = {
    name: {
      "data set": content["dataset"],
      "config.data": content["config"]["data"],
      "steps trained": sorted({run["step"] for run in content["runs"]}),
      "images scored": sorted({run["num_images"] for run in content["runs"]}),
    }
    for name, content in summaries.items()
  }
  (first, expected), *others = seen.items()
  for name, found in others:
    differs = [key for key in found if found[key] != expected[key]]
    if differs:
      both = [f"{key} {found[key]} and {expected[key]}" for key in differs]
      raise UserError(
        f"{name} and {first} can't stand in one table: {'; '.join(both)}. "
        "Train both for the same steps on the same data, and score both on the "
        "same images with python -m experiments.evaluate"
      )
