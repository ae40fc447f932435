"""Writing the report of a run: its pictures, and one page with all of it."""

import os
import pathlib
from collections.abc import Iterator

from cascade_jax import atomic, plots
from cascade_jax.activity import activity
from cascade_jax.report.page import page
from cascade_jax.report.run import Run, read_run


def write_report(workdir: str | os.PathLike) -> pathlib.Path:
  """Writes a run's pictures and `report.html` from the files in its folder.

  The page is one file that needs no network. Parts whose files are missing are
  left out, and the page says how to create these files.

  Args:
    workdir: the run's folder, with config.json, and metrics.jsonl or
      evaluation.json; run.json and evaluation.npz are used if they exist.

  Returns:
    The path of the page.

  Raises:
    UserError: the folder holds no run, or a file that can't be read; the
      message names the command that helps.
  """
  run = read_run(workdir)
  path = run.folder / "report.html"
  with activity("drawing the pictures and the report"):
    _write_pictures(run)
    atomic.write(path, page(run).encode())
  return path


def _write_pictures(run: Run) -> None:
  """Writes the pictures that there is data for; the page embeds one."""
  for name, content in _pictures(run):
    atomic.write(run.folder / name, content)


def _pictures(run: Run) -> Iterator[tuple[str, bytes]]:
  """Draws the pictures; yields the name and the content of each file."""
  if run.arrays:
    yield (
      "traversals.png",
      plots.to_png(plots.traversal_grid(*run.traversals)),
    )
    yield "traversals.gif", plots.traversal_gif(*run.traversals)
    reconstructions = plots.reconstructions(
      run.arrays["originals"],
      run.arrays["reconstructions"],
      run.arrays["reconstruction_categories"],
    )
    yield "reconstructions.png", plots.to_png(reconstructions)
  if run.evaluation.get("confusion"):
    confusion = plots.confusion(
      run.evaluation["confusion"],
      run.evaluation["class_names"],
      run.evaluation["relabelling"],
    )
    yield "confusion.png", plots.to_png(confusion)
  if run.log_entries:
    yield "curves.png", plots.to_png(plots.curves(run.log_entries))
