"""The scores of a file of codes: as text to read, and as a JSON record."""

import hashlib
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cascade_jax.activity import activity
from cascade_jax.evaluation.scores import sample
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.metrics import (
  METRICS,
  MetricInputs,
  attempt,
  cautions,
  codes_file,
  intervals,
)
from cascade_jax.metrics.scoring import unmet_needs
from cascade_jax.runs.json_file import Kind
from cascade_jax.runs.provenance import provenance

KIND = Kind("scores")
MAX_EXAMPLES = 50_000


class FileScores(NamedTuple):
  """The scores of the codes in one file.

  Attributes:
    path: of the file.
    inputs: the arrays that were scored.
    num_in_file: the number of examples in the file; more than are in `inputs`
      if a sample was scored.
    scores: by name, the score, followed by the two ends of its 95 % interval
      where intervals were computed (NaN if there is none).
    left_out: by metric or score, why it refused the codes.
    unmet: by metric, which arrays the file lacks; empty where metrics were
      asked for by name.
    no_interval: by metric, why its scores have no interval.
    cautions: by score or array, what to mind.
    resamples: the number of halves behind the intervals, 0 for no intervals.
    seed: of votes, splits and forests.
  """

  path: pathlib.Path
  inputs: MetricInputs
  num_in_file: int
  scores: dict[str, tuple[float, ...]]
  left_out: dict[str, str]
  unmet: dict[str, str]
  no_interval: dict[str, str]
  cautions: dict[str, str]
  resamples: int
  seed: int


def score_file(
  path: pathlib.Path,
  names: Sequence[str] | None = None,
  resamples: int = 10,
  seed: int = 0,
  max_examples: int = MAX_EXAMPLES,
) -> FileScores:
  """Scores the codes of a file.

  Args:
    path: of a file that `metrics.codes_file` reads.
    names: of metrics or of their scores; None for all that the file has enough
      arrays for.
    resamples: the number of halves of the examples that intervals are computed
      from, 2 or more; 0 for no intervals.
    seed: of votes, splits and forests.
    max_examples: of a file with more examples, a random sample of so many is
      scored, always the same one; 0 for all examples.

  Raises:
    UserError: the file can't be read, or as for `metrics.score`.
  """
  with activity(f"reading {path.name}", announced=False):
    inputs = codes_file.read(path)
  num_in_file = inputs.num_examples
  if 0 < max_examples < num_in_file:
    inputs = inputs.take(sample(num_in_file, max_examples))
  scores: dict[str, tuple[float, ...]]
  if resamples:
    with_ends, reasons = intervals(inputs, names, resamples, seed)
    scores = {name: tuple(interval) for name, interval in with_ends.items()}
  else:
    values, reasons = attempt(inputs, names, seed)
    scores = {name: (value,) for name, value in values.items()}
  unmet = {}
  if names is None:
    needs = {name: unmet_needs(inputs, name) for name in METRICS}
    unmet = {k: f"needs {' and '.join(v)}" for k, v in needs.items() if v}
  scored = _metrics_of(scores)
  return FileScores(
    path=path,
    inputs=inputs,
    num_in_file=num_in_file,
    scores=scores,
    left_out={k: text for k, text in reasons.items() if k not in scored},
    unmet=unmet,
    no_interval={k: text for k, text in reasons.items() if k in scored},
    cautions=cautions(inputs, scores),
    resamples=resamples,
    seed=seed,
  )


def to_text(result: FileScores) -> str:
  """Returns the arrays' shapes, a table of the scores, and what to mind."""
  shapes = ", ".join(f"{k} {v}" for k, v in result.inputs.shapes().items())
  rows = [(name, *_cells(values)) for name, values in result.scores.items()]
  parts = [
    f"{result.path}: {shapes}",
    markdown_table(("score", "value", "95 % interval"), rows),
  ]
  num_scored = result.inputs.num_examples
  if num_scored < result.num_in_file:
    parts.append(
      f"Scored on {num_scored} of {result.num_in_file} examples, drawn at "
      "random; --max_examples=0 scores all."
    )
  for notes in (result.left_out, result.no_interval, result.cautions):
    parts += [f"{name}: {text}" for name, text in notes.items()]
  return "\n\n".join(parts)


def to_json(result: FileScores) -> dict:
  """Returns all that a reader needs to trust the scores or repeat them."""
  return {
    "file": str(result.path),
    "sha256": hashlib.sha256(result.path.read_bytes()).hexdigest(),
    "examples_in_file": result.num_in_file,
    "shapes": result.inputs.shapes(),
    "seed": result.seed,
    "resamples": result.resamples,
    "scores": {k: _for_json(values) for k, values in result.scores.items()},
    "left_out": result.left_out | result.unmet,
    "no_interval": result.no_interval,
    "cautions": result.cautions,
    "protocol": {
      name: METRICS[name].protocol for name in _metrics_of(result.scores)
    },
    **provenance(),
  }


def _metrics_of(scores: Mapping[str, object]) -> list[str]:
  """Returns the metrics that at least one of the scores belongs to."""
  return [k for k, m in METRICS.items() if m.scores.keys() & scores.keys()]


def _cells(values: tuple[float, ...]) -> tuple[str, str]:
  value, *ends = values
  interval = " to ".join(f"{end:.4f}" for end in ends if math.isfinite(end))
  return f"{value:.4f}", interval or "none"


def _for_json(values: tuple[float, ...]) -> dict[str, float | None]:
  return {
    key: value if math.isfinite(value) else None
    for key, value in zip(("score", "low", "high"), values)
  }
