"""One table of several runs: every seed, then their median, mean and std."""

import os
import pathlib
from collections.abc import Sequence

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.evaluation import scores
from cascade_jax.runs import json_file

_IN_NATS = ("reconstruction", "elbo_at_mean")


def summarise(folders: Sequence[str | os.PathLike]) -> dict:
  """Collects the evaluations of runs that differ in their seed only.

  Args:
    folders: of evaluated runs.

  Returns:
    What a table and its reader need: the config, one entry a seed (scores,
    images evaluated on, versions, device, commit), the protocol.

  Raises:
    UserError: a run without an evaluation, or with another config.
  """
  runs, configs = [], []
  for folder in map(pathlib.Path, folders):
    if not (folder / "evaluation.json").exists():
      raise UserError(
        f"{folder} has no evaluation.json; make it with "
        f"python -m experiments.evaluate --workdir={folder}"
      )
    evaluation = json_file.read(folder / "evaluation.json")
    run = json_file.read(folder / "run.json")
    configs.append(json_file.read(folder / "config.json"))
    runs.append(
      {
        "seed": configs[-1].pop("seed"),
        **{
          key: evaluation.get(key)
          for key in (
            *scores.NAMES,
            *_IN_NATS,
            "num_images",
            "step",
            "kl",
            "information",
            "column_factors",
          )
        },
        **{key: run[key] for key in ("device", "python", "versions")},
        "git_commit": run["git_commit"],
        "started": run["started"],
      }
    )
    if configs[-1] != configs[0]:
      keys = configs[0].keys() | configs[-1].keys()
      differs = sorted(
        k for k in keys if configs[0].get(k) != configs[-1].get(k)
      )
      raise UserError(
        f"{folder} ran another config than {folders[0]}: {', '.join(differs)} "
        "differ"
      )
  return {
    "dataset": evaluation["dataset"],
    "protocol": evaluation["protocol"],
    "config": configs[0],
    "runs": sorted(runs, key=lambda run: run["seed"]),
  }


def to_markdown(summary: dict) -> str:
  """The table, in percent: a row a seed, then median and mean (std, n - 1).

  Of data without labels it is of what needs none, in nats.
  """
  names, values = percentages(summary)
  if not names:
    names = [f"{name} (nats)" for name in _IN_NATS]
    of_each = [[run.get(name) for name in _IN_NATS] for run in summary["runs"]]
    values = np.array(of_each, float)
  lines = [
    f"| seed | {' | '.join(name.replace('_', ' ') for name in names)} |",
    "|---" * (1 + len(names)) + "|",
  ]

  def add(name, cells):
    lines.append(f"| {name} | {' | '.join(cells)} |")

  for run, row in zip(summary["runs"], values, strict=True):
    add(run["seed"], [f"{x:.2f}" for x in row])
  add("median", [f"{x:.2f}" for x in np.median(values, axis=0)])
  if len(values) > 1:
    pairs = zip(values.mean(axis=0), values.std(axis=0, ddof=1), strict=True)
    add("mean (std)", [f"{mean:.2f} ({std:.2f})" for mean, std in pairs])
  return "\n".join(lines)


def percentages(summary: dict) -> tuple[list[str], np.ndarray]:
  """The scores that a summary holds, and their values `[runs, scores]`."""
  runs = summary["runs"]
  names = [
    name
    for name in scores.NAMES
    if any(run.get(name) is not None for run in runs)
  ]
  values = [[run.get(name) for name in names] for run in runs]
  return names, 100 * np.array(values, float)  # an unknown one becomes NaN
