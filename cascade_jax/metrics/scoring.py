"""All scores of codes at once, or those that are asked for by name."""

import difflib
import warnings
from collections.abc import Sequence

from cascade_jax.errors import UserError
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
    UserError: an array that is off, an unknown name, a metric whose needs
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
  """`score` without warnings: what they would say is the second result.

  Args:
    given: as for `score`.
    names: as for `score`.
    seed: as for `score`.

  Returns:
    The scores, and by the name of a metric that is left out, why. None is that
    was asked for.

  Raises:
    UserError: as `score`.
  """
  given.check()
  found, refusals = {}, {}
  for name, wanted in requested(given, names).items():
    try:
      scores = METRICS[name].compute(given, seed)
    except ValueError as error:
      if names is not None:
        raise UserError(f"{name}: {error}") from error
      refusals[name] = str(error)
    else:
      found |= {key: scores[key] for key in wanted}
  if not found:
    raise UserError(
      "there is nothing to score: codes (means, categories) are compared with "
      "factors, categories with classes. "
      + "; ".join(dict.fromkeys(refusals.values()))
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
      if not unmet_needs(given, name)
    }
  if isinstance(names, str) or not names:
    raise UserError(f"names must be a list of metrics' names, got {names!r}")
  wanted: dict[str, tuple[str, ...]] = {}
  for name in names:
    metric, scores = _known(name)
    if missing := unmet_needs(given, metric):
      raise UserError(f"metric {name!r} needs {' and '.join(missing)}")
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
  raise UserError(f"there is no metric {name!r}{hint}; {', '.join(names)} are")


def unmet_needs(given: Scored, name: str) -> list[str]:
  """What a metric can't do without and isn't given."""
  return [
    need
    for need in METRICS[name].needs
    if all(getattr(given, field) is None for field in need.split(" or "))
  ]
