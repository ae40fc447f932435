"""A ranking of models without labels, from the files of their codes."""

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.metrics import (
  MetricInputs,
  UnsupervisedRanking,
  codes_file,
  unsupervised_disentanglement_ranking,
)
from cascade_jax.runs.provenance import provenance

_PROTOCOL = (
  "UDR, Duan et al. 2020: median over the other models; of dimensions with a "
  "KL above 0.01 nats, or all where there is no KL."
)


class Ranking(NamedTuple):
  """The UDR scores of several models on the same examples.

  Attributes:
    names: of the files, one for each model, in the order of `udr`.
    similarity: of two models' dimensions, "spearman" or "lasso".
    num_examples: the number of examples that the codes describe.
    udr: the scores and the pairwise similarities that they are medians of.
  """

  names: tuple[str, ...]
  similarity: str
  num_examples: int
  udr: UnsupervisedRanking


def rank_files(names: Sequence[str], similarity: str = "spearman") -> Ranking:
  """Returns the UDR scores of the models whose codes the files hold.

  Args:
    names: of two or more files that `metrics.codes_file` reads, with `means`.
    similarity: as for `metrics.unsupervised_disentanglement_ranking`.

  Raises:
    UserError: fewer than two files, a file named twice, one that can't be read
      or has no means, or codes of different examples.
  """
  if len(names) < 2:
    raise UserError(f"name two files of codes or more, not {names}")
  if repeated := {name for name in names if names.count(name) > 1}:
    raise UserError(f"{', '.join(repeated)} is named twice")
  inputs = [codes_file.read(pathlib.Path(name)) for name in names]
  udr = unsupervised_disentanglement_ranking(
    _means_of_same_examples(names, inputs),
    [codes.kl for codes in inputs],
    similarity=similarity,
  )
  return Ranking(tuple(names), similarity, inputs[0].num_examples, udr)


def to_markdown(ranking: Ranking) -> str:
  """Returns a table with one row for each model, the best first."""
  udr = ranking.udr
  rows = [
    (ranking.names[k], f"{udr.scores[k]:.4f}", udr.num_informative[k])
    for k in np.argsort(-udr.scores, kind="stable")
  ]
  header = ("codes", f"UDR ({ranking.similarity})", "informative dimensions")
  return markdown_table(header, rows)


def to_json(ranking: Ranking) -> dict:
  """Returns the ranking with its protocol and provenance, for a JSON file."""
  names, udr = ranking.names, ranking.udr
  return {
    "protocol": _PROTOCOL,
    "similarity": ranking.similarity,
    "num_examples": ranking.num_examples,
    "scores": dict(zip(names, udr.scores.tolist())),
    "num_informative": dict(zip(names, udr.num_informative.tolist())),
    "pairs": {
      f"{names[i]} with {names[j]}": udr.pairwise[i, j].item()
      for i, j in zip(*np.nonzero(np.isfinite(udr.pairwise)))
    },
    **provenance(),
  }


def _means_of_same_examples(
  names: Sequence[str], inputs: list[MetricInputs]
) -> list[np.ndarray]:
  """Returns the means of each file, or refuses files that don't go together."""
  first = inputs[0]
  means = []
  for name, codes in zip(names, inputs):
    if codes.means is None:
      raise UserError(f"{name} must hold means")
    if codes.num_examples != first.num_examples:
      raise UserError(
        f"{name} is of {codes.num_examples} examples, {names[0]} of "
        f"{first.num_examples}; only codes of the same ones can be compared"
      )
    if not _equal(codes.factors, first.factors):
      raise UserError(
        f"{name} and {names[0]} are codes of other examples (their factors "
        "differ); only codes of the same ones can be compared"
      )
    means.append(codes.means)
  return means


def _equal(first: np.ndarray | None, second: np.ndarray | None) -> bool:
  if first is None or second is None:
    return first is second
  return np.array_equal(first, second)
