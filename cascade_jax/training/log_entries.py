"""What the log says of a step."""

from collections.abc import Collection

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.methods import Method
from cascade_jax.training.stepper import Seconds
from cascade_jax.training.steps import StepOutcome
from cascade_jax.types import Stage


def log_entries(
  step: int,
  stage: Stage,
  outcomes: list[StepOutcome],
  seconds: Seconds,
  method: Method,
) -> list[dict]:
  """Returns a line of metrics.jsonl for each replica."""
  weights = stage.kl_weights
  entry = {
    "step": step,
    "phase": stage.phase,
    "open_dimensions": stage.open_dimensions,
    "discrete": stage.discrete,
    "kl_weights": None if weights is None else weights.tolist(),
    "seconds_score": seconds.forward,
    "seconds_solve": seconds.solve,
    "seconds_update": seconds.update,
  }
  entry = {key: value for key, value in entry.items() if value is not None}
  entries = [_replica_entry(one, method, entry.keys()) for one in outcomes]
  return [entry | of_replica for of_replica in entries]


def _replica_entry(
  outcome: StepOutcome, method: Method, reserved: Collection[str]
) -> dict:
  """Returns what only one replica's line says.

  Args:
    outcome: of the replica.
    method: of the run.
    reserved: keys that the line has already.
  """
  entry = outcome.metrics._asdict()
  terms = entry.pop("terms")
  if taken := (entry.keys() | reserved) & terms.keys():
    raise UserError(
      f"LossParts.terms has names that the log uses itself, {sorted(taken)}; "
      "rename these terms"
    )
  entry |= terms
  if outcome.codes is not None:
    entry["flow_differs"] = outcome.codes.flow_differs
    entry["gap_counts"] = outcome.codes.gap_counts
    ends = np.cumsum(method.num_categories)[:-1]
    counts = np.split(outcome.codes.counts, ends)
    names = [f"counts_{d + 1}" for d in range(len(counts))]
    entry |= zip(names if len(counts) > 1 else ["counts"], counts)
  return {key: x.tolist() for key, x in entry.items() if x is not None}
