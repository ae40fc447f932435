r"""Scores anyone's codes: a table, and the same as JSON.

  python -m experiments.score codes.npz [--metrics=mig,dci] \
    [--output=scores.json] [--resamples=10]

`codes.npz` (numpy.savez) holds arrays of N examples:

  means       [N, m] the continuous codes, and/or
  categories  [N] or [N, D] integers from 0: the discrete ones, not one-hot.
  factors     [N, F] integers: the true factors, that codes are compared with.
  scales      [N, m] standard deviations of the posterior; for the robust MIG.
  kl          [m] mean KL of each dimension, nats: the paper's disentanglement
              score drops those at or below 0.1.
  classes     [N] integers from 0, that the categories are compared with.
"""

import cascade_jax  # noqa: F401, I001  first: sets flags that jax reads

import hashlib
import math
import pathlib

from absl import flags

from cascade_jax.runs import json_file
from cascade_jax.runs.provenance import provenance
from cascade_jax.metrics import (
  METRICS,
  MetricInputs,
  attempt,
  codes_file,
  intervals,
)
from cascade_jax.metrics.columns import fewest_examples
from cascade_jax.metrics.scoring import unmet_needs
from cascade_jax.errors import UserError
from experiments import launch

_METRICS = flags.DEFINE_list(
  "metrics",
  None,
  f"Of {', '.join(METRICS)}, or of the table's rows. Default: all that the "
  "file has enough for.",
)
_OUTPUT = flags.DEFINE_string("output", None, ".json file for the scores.")
_RESAMPLES = flags.DEFINE_integer(
  "resamples", 10, "Halves that intervals are made of; 0 for no intervals."
)
_SEED = flags.DEFINE_integer(
  "seed", 0, "Of votes, splits and forests.", lower_bound=0
)

_FEW = 20


def main(arguments: list[str]) -> None:
  """Prints the table; writes the JSON."""
  if len(arguments) != 1:
    raise UserError(f"name one file of codes (codes.npz), not {arguments}")
  if _RESAMPLES.value < 0 or _RESAMPLES.value == 1:
    raise UserError(
      f"--resamples is {_RESAMPLES.value}; it must be 2 or more, or 0 for no "
      "intervals"
    )
  output = _OUTPUT.value and launch.output_file(_OUTPUT.value, ".json")
  path = pathlib.Path(arguments[0]).expanduser()
  given = codes_file.read(path)
  found, reasons = _scores(given)
  shapes = ", ".join(f"{k} {v}" for k, v in given.shapes().items())
  print(f"{path}: {shapes}\n\n{_to_markdown(found)}")
  for name, reason in reasons.items():
    print(f"\n{name}: {reason}")
  print(_warning_of_few(given), end="")
  if output:
    json_file.write(output, _content(path, given, found, reasons))


def _content(path, given: MetricInputs, found, reasons: dict[str, str]) -> dict:
  """What a reader needs to trust the scores, and to make them again."""
  scored = [
    k for k, metric in METRICS.items() if metric.scores.keys() & found.keys()
  ]
  left_out = {k: text for k, text in reasons.items() if k not in scored}
  if _METRICS.value is None:
    for name in METRICS:
      if needs := unmet_needs(given, name):
        left_out[name] = f"needs {' and '.join(needs)}"
  return {
    "file": str(path),
    "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    "shapes": given.shapes(),
    "seed": _SEED.value,
    "resamples": _RESAMPLES.value,
    "scores": {name: _for_json(values) for name, values in found.items()},
    "left_out": left_out,
    "no_interval": {k: text for k, text in reasons.items() if k in scored},
    "protocol": {name: METRICS[name].protocol for name in scored},
    **provenance(),
  }


def _scores(given: MetricInputs) -> tuple[dict[str, tuple], dict[str, str]]:
  """Scores, with intervals where they are wanted, and what has none and why."""
  if _RESAMPLES.value:
    return intervals(given, _METRICS.value, _RESAMPLES.value, _SEED.value)
  scores, left_out = attempt(given, _METRICS.value, _SEED.value)
  return {name: (value,) for name, value in scores.items()}, left_out


def _to_markdown(found: dict[str, tuple]) -> str:
  """A row a score, with its interval where there is one."""
  lines = ["| score | value | 95 % interval |", "|---|---|---|"]
  for name, (value, *ends) in found.items():
    interval = " to ".join(f"{end:.4f}" for end in ends if math.isfinite(end))
    lines.append(f"| {name} | {value:.4f} | {interval or 'none'} |")
  return "\n".join(lines)


def _warning_of_few(given: MetricInputs) -> str:
  if given.factors is None:
    return ""
  fewest, factor = fewest_examples(given.factors)
  if fewest >= _FEW:
    return ""
  return (
    f"\nFactor {factor} (from 0) has a value with only {fewest} example(s). "
    f"Below {_FEW} is few for metrics that fix a factor and vary the rest, or "
    "hold some out.\n"
  )


def _for_json(values: tuple) -> dict[str, float | None]:
  return {
    key: value if math.isfinite(value) else None
    for key, value in zip(("score", "low", "high"), values)
  }


if __name__ == "__main__":
  launch.run(main)
