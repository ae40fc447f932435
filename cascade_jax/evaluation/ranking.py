"""Runs, or files of codes, with the merits that rank them without labels.

Shapes: R runs.
"""

import os
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cascade_jax.activity import activity
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluation_file, merits, scores
from cascade_jax.metrics import (
  MetricInputs,
  ModelCentrality,
  RankCorrelation,
  UnsupervisedRanking,
  codes_file,
  model_centrality,
  unsupervised_disentanglement_ranking,
)


class Ranking(NamedTuple):
  """The merits of several runs on the same examples.

  Attributes:
    paths: as they were given.
    names: R different ones, the paths without the folder that all are in.
    evaluations: content of evaluation.json; None for a file of codes.
    merits: `[R]` by name, NaN where unknown; only those that some run has, in
      the order of `merits.MERITS`.
    labelled: `[R]` scores that need labels, likewise; empty without labels.
    num_examples: the number of examples that the codes describe.
    similarity: of two models' dimensions, for the UDR.
    udr: with the pairwise similarities.
    centrality: with the cross-scores.
    correlations: of each merit with each score, as `merits.correlations` says.
  """

  paths: tuple[str, ...]
  names: tuple[str, ...]
  evaluations: tuple[dict | None, ...]
  merits: dict[str, np.ndarray]
  labelled: dict[str, np.ndarray]
  num_examples: int
  similarity: str
  udr: UnsupervisedRanking
  centrality: ModelCentrality
  correlations: dict[str, dict[str, RankCorrelation]]


def rank(paths: Sequence[str], similarity: str = "spearman") -> Ranking:
  """Returns the merits of runs and, where there are labels, their scores.

  Args:
    paths: of two or more folders of runs that `evaluate.evaluate_run` has
      evaluated with `all_metrics`, or files that `metrics.codes_file` reads,
      with `means`. Files have UDR and ModelCentrality only.
    similarity: as for `metrics.unsupervised_disentanglement_ranking`.

  Raises:
    UserError: fewer than two paths, one named twice, a run without an
      evaluation, a file that can't be read or has no means, or codes or
      evaluations of different examples.
  """
  if len(paths) < 2:
    raise UserError(
      f"name two folders of runs (or files of codes) or more, not {len(paths)}"
    )
  names = _names(paths)
  evaluations = tuple(_evaluation(pathlib.Path(path)) for path in paths)
  _check_same_evaluation(paths, evaluations)
  with activity(f"reading the codes of {len(paths)} models", announced=False):
    models = [_codes(pathlib.Path(path)) for path in paths]
  means = _means_of_same_examples(paths, models)
  with activity(f"UDR of {len(models)} models"):
    udr = unsupervised_disentanglement_ranking(
      means, [model.kl for model in models], similarity=similarity
    )
  with activity(f"ModelCentrality of {len(models)} models"):
    centrality = model_centrality(models)
  of_runs = [merits.of_evaluation(each) if each else {} for each in evaluations]
  columns = {
    name: _column([run.get(name) for run in of_runs]) for name in merits.MERITS
  }
  columns |= {"udr": udr.scores, "model_centrality": centrality.scores}
  of_labels = {
    name: _column([(each or {}).get(name) for each in evaluations])
    for name in scores.NAMES
  }
  known, labelled = _known(columns), _known(of_labels)
  with activity("correlating the merits with the scores", announced=False):
    correlations = merits.correlations(known, labelled)
  return Ranking(
    tuple(paths),
    names,
    evaluations,
    known,
    labelled,
    models[0].num_examples,
    similarity,
    udr,
    centrality,
    correlations,
  )


def _names(paths: Sequence[str]) -> tuple[str, ...]:
  """Returns the paths relative to the folder that all of them are in."""
  resolved = [pathlib.Path(path).expanduser().resolve() for path in paths]
  if repeated := {p for p, r in zip(paths, resolved) if resolved.count(r) > 1}:
    raise UserError(f"{', '.join(sorted(repeated))} is named twice")
  common = os.path.commonpath([path.parent for path in resolved])
  return tuple(path.relative_to(common).as_posix() for path in resolved)


def _evaluation(path: pathlib.Path) -> dict | None:
  """Returns the evaluation of a run; None for a file of codes."""
  if not path.is_dir():
    return None
  content = evaluation_file.read(path)
  if "merits" not in content or not (path / "codes.npz").exists():
    raise UserError(
      f"{path} has no evaluation with merits and codes; make it with "
      f"python -m experiments.evaluate --workdir={path} (of a run of several "
      "replicas, rank its folders seed_...)"
    )
  return content


def _codes(path: pathlib.Path) -> MetricInputs:
  return codes_file.read(path / "codes.npz" if path.is_dir() else path)


def _check_same_evaluation(
  paths: Sequence[str], evaluations: Sequence[dict | None]
) -> None:
  """Raises UserError if runs were evaluated on different images."""
  conditions = [
    (path, {key: each[key] for key in ("dataset", "num_images")})
    for path, each in zip(paths, evaluations)
    if each is not None
  ]
  for path, condition in conditions:
    if condition != conditions[0][1]:
      raise UserError(
        f"{path} was evaluated on {condition['num_images']} images of "
        f"{condition['dataset']!r}, {conditions[0][0]} on "
        f"{conditions[0][1]['num_images']} of {conditions[0][1]['dataset']!r}; "
        "evaluate all on the same ones with python -m experiments.evaluate"
      )


def _means_of_same_examples(
  paths: Sequence[str], models: Sequence[MetricInputs]
) -> list[np.ndarray]:
  """Returns the means of each model, or refuses those that don't go together.

  Raises:
    UserError: codes without means, or of different examples.
  """
  first = models[0]
  means = []
  for path, codes in zip(paths, models):
    if codes.means is None:
      raise UserError(f"{path} must hold means")
    if codes.num_examples != first.num_examples:
      raise UserError(
        f"{path} is of {codes.num_examples} examples, {paths[0]} of "
        f"{first.num_examples}; only codes of the same ones can be compared"
      )
    if not _equal(codes.factors, first.factors):
      raise UserError(
        f"{path} and {paths[0]} are codes of other examples (their factors "
        "differ); only codes of the same ones can be compared"
      )
    means.append(codes.means)
  return means


def _equal(first: np.ndarray | None, second: np.ndarray | None) -> bool:
  if first is None or second is None:
    return first is second
  return np.array_equal(first, second)


def _column(values: Sequence[float | None]) -> np.ndarray:
  return np.array(values, float)  # None becomes NaN


def _known(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
  """Returns the columns in which some run has a value."""
  return {k: x for k, x in columns.items() if not np.isnan(x).all()}
