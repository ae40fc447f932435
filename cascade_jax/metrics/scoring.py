"""All scores of a code at once, or those that are requested by name."""

import difflib
import math
import time
import warnings
from collections.abc import Sequence

from absl import logging

from cascade_jax.activity import activity
from cascade_jax.errors import UndefinedMetricError, UserError
from cascade_jax.metrics.catalogue import METRICS
from cascade_jax.metrics.inputs import MetricInputs


def score(
  inputs: MetricInputs, names: Sequence[str] | None = None, seed: int = 0
) -> dict[str, float]:
  """Returns the scores of a code by name; some metrics have several scores.

  Args:
    inputs: the code, and what it is compared with.
    names: names of metrics in `METRICS` or of their scores. None stands for all
      metrics whose inputs are there; a metric that is not defined for these
      inputs is then left out with a warning. So is, always, one of the several
      scores of a metric if it is not defined and has not been named itself.
    seed: of votes, splits and forests.

  Raises:
    UserError: an array is malformed, a name is unknown, an input that a
      requested metric needs is None, or nothing can be scored.
    UndefinedMetricError: a requested metric is not defined for these inputs.
  """
  scores, left_out = attempt(inputs, names, seed)
  for name, reason in left_out.items():
    warnings.warn(f"{name} is left out: {reason}", stacklevel=2)
  return scores


def attempt(
  inputs: MetricInputs, names: Sequence[str] | None = None, seed: int = 0
) -> tuple[dict[str, float], dict[str, str]]:
  """Does the same as `score`, but returns the reasons instead of warning.

  Args:
    inputs: as for `score`.
    names: as for `score`.
    seed: as for `score`.

  Returns:
    The scores by name, and the reason by the name of each metric or score that
    is left out because it is not defined for these inputs. What is requested by
    its own name is never left out.

  Raises:
    UserError: as `score`.
    UndefinedMetricError: as `score`.
  """
  inputs.check()
  scores: dict[str, float] = {}
  left_out: dict[str, str] = {}
  wanted = requested(inputs, names)
  logging.info("%d examples, %d metrics", inputs.num_examples, len(wanted))
  for name, score_names in wanted.items():
    started = time.perf_counter()
    try:
      with activity(name, announced=False):
        values = METRICS[name].compute(inputs, seed)
      undefined = {key for key in score_names if math.isnan(values[key])}
      if undefined & set(names or ()):
        raise UndefinedMetricError(METRICS[name].undefined)
    except UndefinedMetricError as error:
      if names is not None:
        raise UndefinedMetricError(f"{name}: {error}") from error
      left_out[name] = str(error)
    else:
      scores |= {k: values[k] for k in score_names if k not in undefined}
      left_out |= dict.fromkeys(sorted(undefined), METRICS[name].undefined)
    logging.info("%s: %.1f s", name, time.perf_counter() - started)
  if not scores:
    raise UserError(
      "there is nothing to score: codes (means, categories) are compared with "
      "factors, categories with classes. "
      + "; ".join(dict.fromkeys(left_out.values()))
    )
  return scores, left_out


def requested(
  inputs: MetricInputs, names: Sequence[str] | None
) -> dict[str, tuple[str, ...]]:
  """Returns the names of the scores to compute, by the name of their metric.

  Args:
    inputs: as for `score`.
    names: as for `score`.

  Raises:
    UserError: a name is unknown, or an input that its metric needs is None.
  """
  if names is None:
    return {
      name: tuple(metric.scores)
      for name, metric in METRICS.items()
      if not unmet_needs(inputs, name)
    }
  if isinstance(names, str) or not names:
    raise UserError(f"names must be a list of metrics' names, got {names!r}")
  scores: dict[str, tuple[str, ...]] = {}
  for name in names:
    metric, score_names = _metric_and_scores(name)
    if missing := unmet_needs(inputs, metric):
      raise UserError(f"metric {name!r} needs {' and '.join(missing)}")
    scores[metric] = tuple(dict.fromkeys(scores.get(metric, ()) + score_names))
  return scores


def _metric_and_scores(name: str) -> tuple[str, tuple[str, ...]]:
  """Returns the metric with this name or with a score of this name.

  Returns:
    The name of the metric, and the names of the scores that are requested.

  Raises:
    UserError: the name is unknown.
  """
  if name in METRICS:
    return name, tuple(METRICS[name].scores)
  metric_names = {
    key: metric_name
    for metric_name, metric in METRICS.items()
    for key in metric.scores
  }
  if name in metric_names:
    return metric_names[name], (name,)
  names = [*METRICS, *(key for key in metric_names if key not in METRICS)]
  near = difflib.get_close_matches(str(name).lower(), names, n=1)
  hint = f" (do you mean {near[0]}?)" if near else ""
  raise UserError(f"there is no metric {name!r}{hint}; {', '.join(names)} are")


def unmet_needs(inputs: MetricInputs, name: str) -> list[str]:
  """Returns the needs of a metric whose fields of `inputs` are all None."""
  return [
    need
    for need in METRICS[name].needs
    if all(getattr(inputs, field) is None for field in need.split(" or "))
  ]
