"""The section of a report with links to the files of the run."""

from cascade_jax.report.html_parts import Link, section, table
from cascade_jax.report.run import EXPLORER, Run

_CONTENTS = {
  "config.json": "all settings",
  "run.json": "provenance: command, versions, device",
  "dataset.json": "the data set: names of its factors and classes",
  "metrics.jsonl": "the log of the training, a line for each logged step",
  "evaluation.json": "scores, their protocols, votes, confusion matrix",
  "evaluation.npz": "the arrays of traversals and reconstructions",
  "codes.npz": "codes of images, for experiments.score",
  "traversals.gif": "the moving traversals",
  "traversals.png": "the stills of the traversals",
  "reconstructions.png": "images and their reconstructions",
  "confusion.png": "the confusion matrix",
  "curves.png": "the charts of the training",
  EXPLORER: "a page on which to explore the model",
}


def files_section(run: Run) -> str:
  """Returns the section, with the files that there are at this moment."""
  rows = [
    [Link(name, name), content, _size((run.folder / name).stat().st_size)]
    for name, content in _CONTENTS.items()
    if (run.folder / name).exists()
  ]
  text = "The links work as long as this page stays in the folder of the run."
  files = table(["file", "content", "size"], rows, text, "files")
  return section("Files", files)


def _size(num_bytes: int) -> str:
  """Returns a number of bytes as text, with a unit."""
  unit, factor = ("kB", 1e3) if num_bytes < 1e6 else ("MB", 1e6)
  return f"{num_bytes / factor:.1f}\N{NO-BREAK SPACE}{unit}"
