"""What became of a run under a fault, and the table of all."""

import collections
import datetime
import platform
from typing import NamedTuple

import jax
import numpy as np
import orbax.checkpoint as ocp

from cascade_jax.runs.provenance import provenance

SURVIVED, LOST, SILENT = "survived", "lost", "silent"


class Outcome(NamedTuple):
  """One fault that was tried.

  Attributes:
    fault: its kind, a row of the table.
    where: the kind of file, or the moment.
    verdict: "survived", "lost" or "silent".
    why: what shows it, for a verdict that isn't "survived".
  """

  fault: str
  where: str
  verdict: str
  why: str = ""


def judged(fault, where, attempts, differing, names=("",)):
  """Returns the outcome of a fault from what came after it.

  Args:
    fault: its kind.
    where: the kind of file, or the moment.
    attempts: all that were made, in their order.
    differing: what differs in the end from the undisturbed run.
    names: what a refusal must name, any of them.
  """
  for each in attempts:
    if each.ending in ("failed", "hung"):
      return Outcome(fault, where, LOST, f"{each.ending}: {each.message}")
    said = [each.message, *each.warned]
    if each.ending == "refused" and not any(
      x in y for x in names for y in said
    ):
      why = f"nothing names any of {names}: {each.message}"
      return Outcome(fault, where, LOST, why)
  if not differing:
    return Outcome(fault, where, SURVIVED)
  said = [line for each in attempts for line in (each.message, *each.warned)]
  said = [line for line in said if line]
  verdict = LOST if said else SILENT
  return Outcome(fault, where, verdict, f"{differing} differ; said: {said}")


def counts(outcomes):
  """Returns the number of verdicts by fault and place."""
  table = collections.defaultdict(collections.Counter)
  for outcome in outcomes:
    table[outcome.fault, outcome.where][outcome.verdict] += 1
  return table


def to_markdown(outcomes, command):
  """Returns the table, and what it was made with."""
  lines = [
    "| fault | in, or during | tried | survived | lost | silent |",
    "|---|---|---|---|---|---|",
  ]
  for (fault, where), count in counts(outcomes).items():
    lines.append(_row(fault, where, count))
  total = collections.Counter(outcome.verdict for outcome in outcomes)
  lines.append(_row("**all**", "", total))
  return "\n".join([*lines, "", f"`{command}`, {_versions()}."])


def _row(fault, where, count):
  numbers = [sum(count.values()), *map(count.get, (SURVIVED, LOST, SILENT))]
  cells = [fault, where, *(str(number or 0) for number in numbers)]
  return f"| {' | '.join(cells)} |"


def _versions():
  commit = (provenance()["git_commit"] or "unknown")[:12]
  return (
    f"{datetime.date.today()}, commit {commit}, Python "
    f"{platform.python_version()}, jax {jax.__version__}, Orbax "
    f"{ocp.__version__}, NumPy {np.__version__}, {platform.system()} "
    f"{platform.release()}"
  )
