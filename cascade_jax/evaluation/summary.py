"""One table of several runs: every seed, then their median, mean and std."""

import os
import pathlib
from collections.abc import Sequence

import numpy as np

from cascade_jax.config import RESUMABLE_KEYS
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluation_file, scores
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.runs import json_file, log_file, workdir

# Runs that differ in these only have the same scores.
_IRRELEVANT = RESUMABLE_KEYS - {"num_steps", "evaluation_images"} | {"seed"}
_IN_NATS = ("reconstruction", "elbo_at_mean")
_OF_EVALUATION = (
  *scores.NAMES,
  *_IN_NATS,
  "num_images",
  "step",
  "kl",
  "information",
  "column_factors",
  "metrics",
)
_OF_RUN = ("device", "python", "versions", "git_commit", "started")
KIND = json_file.Kind(
  "summary",
  {
    "dataset": str,
    "protocol": {str: str},
    "config": {**workdir.CONFIG_FIELDS, "num_continuous": int},
    "runs": [
      {
        "seed": int,
        **{f"{name}?": (float, None) for name in (*scores.NAMES, *_IN_NATS)},
        "num_images": int,
        "step": int,
        "information?": ({str: (float, [float])}, None),
        "metrics?": ({str: float}, None),
        "seconds?": float,
        "curve?": [{"step": int}],
      }
    ],
  },
  "put back a copy, or make a summary with python -m experiments.summarise "
  "--output={path} FOLDERS",
)


def summarise(sources: Sequence[str | os.PathLike]) -> dict:
  """Collects the evaluations of runs that differ only in their seed.

  Args:
    sources: folders of evaluated runs, and summary files of earlier runs, whose
      folders need not exist any more.

  Returns:
    The content of a summary file: the data set, the protocol, the config
    without its seed, and one entry for each run, in the order of the seeds
    (scores, number of images, versions, device, commit, seconds of training,
    and the curve: the scores of a sample of images, by the step of training).

  Raises:
    UserError: a run without an evaluation or with another config, a seed that
      comes twice, or a file that is damaged or of another kind.
  """
  paths = [pathlib.Path(source) for source in sources]
  summaries = [
    read(path) if path.suffix == ".json" else _of_run(path) for path in paths
  ]
  found: dict[int, pathlib.Path] = {}
  for path, summary in zip(paths, summaries, strict=True):
    _check_same_config(
      path, summary["config"], paths[0], summaries[0]["config"]
    )
    for run in summary["runs"]:
      seed = run["seed"]
      if seed in found:
        raise UserError(
          f"seed {seed} comes twice, in {found[seed]} and in {path}; name one"
        )
      found[seed] = path
  runs = [run for summary in summaries for run in summary["runs"]]
  return {
    **summaries[0],
    "runs": sorted(runs, key=lambda run: run["seed"]),
  }


def read(path: pathlib.Path) -> dict:
  """Reads a summary file.

  Raises:
    UserError: the file is damaged, no summary, or one of no runs.
  """
  content = json_file.read(path, KIND)
  if not content["runs"]:
    raise UserError(f"{path} has no runs")
  return content


def _of_run(path: pathlib.Path) -> dict:
  """Returns the summary of one run's folder."""
  evaluation = evaluation_file.read(path)
  if not evaluation:
    raise UserError(
      f"{path} has no {evaluation_file.NAME}; make it with "
      f"python -m experiments.evaluate --workdir={path}"
    )
  config = json_file.read(path / "config.json", workdir.CONFIG)
  seed = config.pop("seed")
  run = json_file.read(path / "run.json", workdir.RUN)
  entry = {
    "seed": seed,
    **{key: evaluation.get(key) for key in _OF_EVALUATION},
    **{key: run[key] for key in _OF_RUN},
    **_of_training(path),
  }
  return {
    "dataset": evaluation["dataset"],
    "protocol": evaluation["protocol"],
    "config": config,
    "runs": [entry],
  }


def _of_training(path: pathlib.Path) -> dict:
  """Returns how long a run took, and its scores on the way."""
  entries = log_file.read(path)
  if not entries:
    return {}
  return {
    "seconds": entries[-1]["elapsed"],
    "curve": [
      {key: entry.get(key) for key in ("step", *scores.NAMES)}
      for entry in entries
      if "scored_images" in entry
    ],
  }


def differing_keys(config: dict, other: dict) -> list[str]:
  """Returns the keys that make runs of one config other runs than another's.

  Args:
    config: of one, as it is in a JSON file; earlier versions may lack keys.
    other: likewise. The seed, and what shows or keeps a run, is not compared.
  """
  config, other = workdir.completed(config), workdir.completed(other)
  keys = (config.keys() | other.keys()) - _IRRELEVANT
  return sorted(key for key in keys if config.get(key) != other.get(key))


def _check_same_config(
  path: pathlib.Path, config: dict, first_path: pathlib.Path, first: dict
) -> None:
  if differing := differing_keys(config, first):
    raise UserError(
      f"{path} ran another config than {first_path}: "
      f"{', '.join(differing)} differ"
    )


def to_markdown(summary: dict) -> str:
  """Returns a table: a row for each seed, the median, and mean (std, n - 1).

  Scores are in percent. Without labels there are none, and the table shows the
  reconstruction and the ELBO in nats per image.

  Args:
    summary: the content of a summary file, from `summarise`.
  """
  names, values = percentages(summary)
  if not names:
    names = [f"{name} (nats)" for name in _IN_NATS]
    nats = [[run.get(name) for name in _IN_NATS] for run in summary["runs"]]
    values = np.array(nats, float)
  rows = [
    [run["seed"], *_two_decimals(row)]
    for run, row in zip(summary["runs"], values, strict=True)
  ]
  rows.append(["median", *_two_decimals(np.median(values, axis=0))])
  if len(values) > 1:
    with np.errstate(invalid="ignore"):  # infinite ones have no deviation
      means = _two_decimals(values.mean(axis=0))
      deviations = _two_decimals(values.std(axis=0, ddof=1))
    pairs = zip(means, deviations, strict=True)
    rows.append(["mean (std)", *(f"{mean} ({std})" for mean, std in pairs)])
  return markdown_table(
    ["seed", *(name.replace("_", " ") for name in names)], rows
  )


def percentages(summary: dict) -> tuple[list[str], np.ndarray]:
  """Returns the names of a summary's scores, and their values `[runs, scores]`.

  A score that not every run has is left out: runs of earlier versions lack
  some, and a median over the others would be of other seeds.
  """
  runs = summary["runs"]
  names = [
    name
    for name in scores.NAMES
    if all(run.get(name) is not None for run in runs)
  ]
  values = [[run.get(name) for name in names] for run in runs]
  return names, 100 * np.array(values, float)


def _two_decimals(values: np.ndarray) -> list[str]:
  return [f"{value:.2f}" for value in values]
