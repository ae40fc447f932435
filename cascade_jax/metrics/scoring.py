"""All scores of codes at once, or those that are asked for by name."""

import difflib
import warnings
from collections.abc import Sequence

from cascade_jax.metrics.catalogue import METRICS
from cascade_jax.metrics.scored import Scored


def score(
  given: Scored, names: Sequence[str] | None = None, seed: int = 0
) -> dict[str, float]:
  """The scores of codes, by name; a metric may give several.

  Args:
    given: the codes and what they are compared with.
    names: of `METRICS` or of their scores; None for all that there is enough
      given for: of those a metric that refuses the codes is left out with a
      warning.
    seed: of votes, splits and forests.

  Raises:
    ValueError: an array that is off, an unknown name, a metric whose needs
      aren't given, one that was asked for and refuses the codes, or nothing
      that can be scored.
  """
  found, refusals = attempt(given, names, seed)
  for name, reason in refusals.items():
    warnings.warn(f"{name} is left out: {reason}", stacklevel=2)
  return found


def attempt(
  given: Scored, names: Sequence[str] | None = None, seed: int = 0
) -> tuple[dict[str, float], dict[str, str]]:
  """`score`, and why metrics are left out, by their names, for no warnings."""
  given.check()
  found, refusals = {}, {}
  for name, wanted in requested(given, names).items():
    try:
      scores = METRICS[name].compute(given, seed)
    except ValueError as error:
      if names is not None:
        raise ValueError(f"{name}: {error}") from error
      refusals[name] = str(error)
    else:
      found |= {key: scores[key] for key in wanted}
  if not found:
    reason = "; ".join(f"{name}: {text}" for name, text in refusals.items())
    raise ValueError(
      "there is nothing to score: codes (means, categories) are compared with "
      f"factors, categories with classes. {reason}".rstrip()
    )
  return found, refusals


def requested(
  given: Scored, names: Sequence[str] | None
) -> dict[str, tuple[str, ...]]:
  """The metrics to compute, and which of their scores; see `score`."""
  if names is None:
    return {
      name: tuple(metric.scores)
      for name, metric in METRICS.items()
      if not _missing(given, name)
    }
  wanted: dict[str, tuple[str, ...]] = {}
  for name in names:
    metric, scores = _known(name)
    if missing := _missing(given, metric):
      raise ValueError(f"metric {name!r} needs {' and '.join(missing)}")
    wanted[metric] = tuple(dict.fromkeys(wanted.get(metric, ()) + scores))
  return wanted


def _known(name: str) -> tuple[str, tuple[str, ...]]:
  """The metric that is meant by its name or that of a score, and the scores."""
  if name in METRICS:
    return name, tuple(METRICS[name].scores)
  of_scores = {key: k for k, metric in METRICS.items() for key in metric.scores}
  if name in of_scores:
    return of_scores[name], (name,)
  names = [*METRICS, *(key for key in of_scores if key not in METRICS)]
  near = difflib.get_close_matches(str(name).lower(), names, n=1)
  hint = f" (do you mean {near[0]}?)" if near else ""
  raise ValueError(f"there is no metric {name!r}{hint}; {', '.join(names)} are")


def _missing(given: Scored, name: str) -> list[str]:
  return [
    need
    for need in METRICS[name].needs
    if all(getattr(given, field) is None for field in need.split(" or "))
  ]
