"""The report of a run: its pictures, and one page that shows all of it."""

import os
import pathlib

from cascade_jax import plots
from cascade_jax.report.page import page
from cascade_jax.report.run import Run, read_run


def write_report(workdir: str | os.PathLike) -> pathlib.Path:
  """Writes a run's pictures and `report.html` from the files in its folder.

  The page is one file that needs no network. Parts whose files aren't there
  yet are left out, and the page says how to make them.

  Args:
    workdir: the run's folder, with config.json, and metrics.jsonl or
      evaluation.json; run.json and evaluation.npz where they exist.

  Returns:
    The path of the page.

  Raises:
    UserError: no run there, or a file that can't be read; says which command
      helps.
  """
  run = read_run(workdir)
  _write_pictures(run)
  path = run.folder / "report.html"
  path.write_text(page(run), encoding="utf-8")
  return path


def _write_pictures(run: Run) -> None:
  """Draws what there is data for; the page takes two of the files."""
  if run.arrays:
    moved = run.traversals
    plots.traversal_grid(*moved).savefig(run.folder / "traversals.png")
    gif = plots.traversal_gif(*moved)
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
  if run.records:
    plots.curves(run.records).savefig(run.folder / "curves.png")
