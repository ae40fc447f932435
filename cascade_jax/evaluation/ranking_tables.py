"""A ranking of runs as two Markdown tables, and as a JSON file."""

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.evaluation import merits
from cascade_jax.evaluation.ranking import Ranking
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.metrics import RankCorrelation
from cascade_jax.runs.json_file import Kind
from cascade_jax.runs.provenance import provenance

KIND = Kind("ranking")
_CORRELATION_PROTOCOL = (
  "Spearman's rho between a merit and a score over the runs, with the 95 % "
  "interval of the percentile bootstrap over runs (9,999 resamples). The merit "
  "is multiplied by its sign, so that 1 says that both put the runs in the "
  "same order. The score of a merit's choice is that of the run it puts first."
)


def to_markdown(ranking: Ranking, by: str) -> str:
  """Returns the runs with their merits, the best first, and what these tell.

  With labels, there is a second table: how each merit ranks the runs compared
  with each score, and the scores of the run that it puts first.

  Args:
    ranking: of the runs.
    by: the merit that orders the runs.

  Raises:
    UserError: no run has this merit.
  """
  best = _best(ranking, by)
  parts = [
    _table_of_runs(ranking, by),
    f"Best by {merits.MERITS[by].title.split(',')[0]}: {ranking.paths[best]}",
  ]
  if ranking.labelled:
    parts.append(_table_of_merits(ranking))
  return "\n\n".join(parts)


def to_json(ranking: Ranking, by: str) -> dict:
  """Returns the ranking with its protocol and provenance, for a JSON file.

  Args:
    ranking: of the runs.
    by: the merit that orders the runs.

  Raises:
    UserError: no run has this merit.
  """
  _best(ranking, by)
  names = ranking.names
  evaluation = next(filter(None, ranking.evaluations), {})
  return {
    "ordered_by": by,
    "dataset": evaluation.get("dataset"),
    "num_images": evaluation.get("num_images"),
    "num_examples": ranking.num_examples,
    "similarity": ranking.similarity,
    "protocol": {k: merits.MERITS[k].protocol for k in ranking.merits}
    | {k: evaluation["protocol"][k] for k in ranking.labelled}
    | {"correlations": _CORRELATION_PROTOCOL},
    "signs": {k: merits.MERITS[k].sign for k in ranking.merits},
    "runs": {
      names[r]: _run(ranking, r)
      for r in merits.order(by, ranking.merits[by]).tolist()
    },
    "correlations": {
      merit: {name: _entry(each) for name, each in row.items()}
      for merit, row in ranking.correlations.items()
    },
    "choices": {
      merit: names[_best(ranking, merit)] for merit in ranking.merits
    },
    "pairs": {
      "udr": _pairs(names, ranking.udr.pairwise),
      "model_centrality": _pairs(names, ranking.centrality.cross_scores),
    },
    **provenance(),
  }


def _best(ranking: Ranking, by: str) -> int:
  """Returns the index of the run that a merit puts first.

  Raises:
    UserError: no run has the merit.
  """
  if by not in ranking.merits:
    raise UserError(
      f"no run has the merit {by}; the merits of these are "
      f"{', '.join(ranking.merits)}"
    )
  return int(merits.order(by, ranking.merits[by])[0])


def _table_of_runs(ranking: Ranking, by: str) -> str:
  header = ["run", *(merits.MERITS[name].title for name in ranking.merits)]
  header += [_percent_title(name) for name in ranking.labelled]
  rows = []
  for r in merits.order(by, ranking.merits[by]):
    row = [ranking.names[r]]
    for name, values in ranking.merits.items():
      row.append(_number(values[r], merits.MERITS[name].digits))
    row += [_percent(values[r]) for values in ranking.labelled.values()]
    rows.append(row)
  return markdown_table(header, rows)


def _table_of_merits(ranking: Ranking) -> str:
  """Returns rho and the score of the chosen run, by merit and score."""
  header = ["merit", "better"]
  for name in ranking.labelled:
    title = name.replace("_", " ")
    header += [f"rho with {title}", f"of its choice, {_percent_title(name)}"]
  rows = []
  for merit, correlations in ranking.correlations.items():
    entry, best = merits.MERITS[merit], _best(ranking, merit)
    row = [entry.title.split(",")[0], "more" if entry.sign > 0 else "less"]
    for name, correlation in correlations.items():
      row += [_interval(correlation), _percent(ranking.labelled[name][best])]
    rows.append(row)
  for title, summary in (
    ("mean of the runs", np.nanmean),
    ("best of the runs", np.nanmax),
  ):
    row = [title, ""]
    for values in ranking.labelled.values():
      row += ["", _percent(summary(values))]
    rows.append(row)
  return markdown_table(header, rows)


def _run(ranking: Ranking, r: int) -> dict:
  """Returns the entry of one run in the JSON file."""
  evaluation = ranking.evaluations[r] or {}
  return {
    "seed": evaluation.get("seed"),
    "step": evaluation.get("step"),
    "merits": {k: _or_none(x[r]) for k, x in ranking.merits.items()},
    "scores": {k: _or_none(x[r]) for k, x in ranking.labelled.items()},
    "num_informative": ranking.udr.num_informative[r].item(),
    "num_factors": ranking.centrality.num_factors[r].item(),
  }


def _entry(correlation: RankCorrelation) -> dict:
  return {k: _or_none(value) for k, value in correlation._asdict().items()}


def _pairs(names: tuple[str, ...], matrix: np.ndarray) -> dict[str, float]:
  return {
    f"{names[i]} with {names[j]}": matrix[i, j].item()
    for i, j in zip(*np.nonzero(np.isfinite(matrix)))
  }


def _or_none(value: float) -> float | None:
  """Returns the number as JSON has it: NaN, which it lacks, becomes null."""
  return None if np.isnan(value) else value


def _interval(correlation: RankCorrelation) -> str:
  rho, low, high, _ = correlation
  return "" if np.isnan(rho) else f"{rho:.2f} [{low:.2f}, {high:.2f}]"


def _percent_title(name: str) -> str:
  return f"{name.replace('_', ' ')}, %"


def _percent(value: float) -> str:
  return _number(100 * value, 2)


def _number(value: float, digits: int) -> str:
  return "" if np.isnan(value) else f"{value:.{digits}f}"
