"""The pictures of a study: every seed, curves, traversals of median seeds."""

import pathlib
from collections.abc import Mapping, Sequence

from cascade_jax import atomic, plots
from cascade_jax.model import load
from cascade_jax.plots.style import to_png
from cascade_jax.plots.sweep import curve_panels, score_dots
from cascade_jax.reproduce.seeds import ACCURACY, SCORE, median, seeds
from cascade_jax.sweep.cells import Cell

CURVES = "curves.png"
TITLES = {SCORE: "disentanglement score", ACCURACY: "accuracy"}


def dots_name(key: str) -> str:
  """Returns the name of the picture of a score of all seeds."""
  return f"{key}.png"


def traversals_name(row: str, seed: int | str) -> str:
  """Returns the name of the picture of a row's median seed."""
  return f"{row}_seed_{seed}.png"


def write(
  output: pathlib.Path,
  summaries: Mapping[str, dict],
  titles: Mapping[str, str],
  cells: Sequence[Cell],
) -> None:
  """Writes the pictures that the results and the runs of this machine allow.

  Args:
    output: folder of the study's results.
    summaries: by the name of the row.
    titles: of the rows.
    cells: of the study; the folders of some may be on another machine.
  """
  for key in TITLES:
    found = {titles[row]: seeds(of, key) for row, of in summaries.items()}
    known = {title: of for title, of in found.items() if of}
    values = {title: of.values for title, of in known.items()}
    intervals = {t: of.interval for t, of in known.items() if of.interval}
    if known:
      picture = to_png(score_dots(values, intervals))
      atomic.write(output / dots_name(key), picture)
  if logs := curves(summaries, titles):
    atomic.write(output / CURVES, to_png(curve_panels(logs, TITLES)))
  folders = {(cell.method, cell.seed): cell.folder for cell in cells}
  for row, summary in summaries.items():
    seed = median(summary)["seed"]
    path = output / traversals_name(row, seed)
    for other in set(output.glob(traversals_name(row, "*"))) - {path}:
      other.unlink()  # of what was the median of fewer seeds
    folder = folders.get((row, seed))
    if folder and (folder / "evaluation.json").exists() and not path.exists():
      grid = plots.traversal_grid(*load(folder).traverse())
      atomic.write(path, to_png(grid))


def curves(
  summaries: Mapping[str, dict], titles: Mapping[str, str]
) -> dict[str, list[list[dict]]]:
  """Returns the curves of the seeds that have one, by the title of the row."""
  found = {
    titles[row]: [run["curve"] for run in summary["runs"] if run.get("curve")]
    for row, summary in summaries.items()
  }
  return {title: of for title, of in found.items() if of}
