"""Writing the report of a run: its pictures, and one page with all of it."""

import os
import pathlib

from cascade_jax import plots
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
    path.write_text(page(run), encoding="utf-8")
  return path


def _write_pictures(run: Run) -> None:
  """Writes the pictures that there is data for; the page embeds one."""
  if run.arrays:
    figure = plots.traversal_grid(*run.traversals)
    figure.savefig(run.folder / "traversals.png")
    gif = plots.traversal_gif(*run.traversals)
    (run.folder / "traversals.gif").write_bytes(gif)
    plots.reconstructions(
      run.arrays["originals"],
      run.arrays["reconstructions"],
      run.arrays["reconstruction_categories"],
    ).savefig(run.folder / "reconstructions.png")
  if run.evaluation.get("confusion"):
    plots.confusion(
      run.evaluation["confusion"],
      run.evaluation["class_names"],
      run.evaluation["relabelling"],
    ).savefig(run.folder / "confusion.png")
  if run.log_entries:
    plots.curves(run.log_entries).savefig(run.folder / "curves.png")
