import json
import os
import pathlib
import subprocess
import sys

import jupytext

NOTEBOOK = pathlib.Path("experiments/notebooks/cascade_vae.ipynb").resolve()


def test_notebook_runs_on_the_smoke_config(tmp_path):
  copy = tmp_path / NOTEBOOK.name
  copy.write_text(NOTEBOOK.read_text())
  command = [sys.executable, "-m", "pytest", "--nbmake", str(copy), "-q"]
  result = subprocess.run(
    [*command, "-p", "no:cacheprovider", "--rootdir", str(tmp_path)],
    cwd=tmp_path,
    env={
      **os.environ,
      "CASCADE_JAX_SMOKE": "1",
      "XLA_FLAGS": "",  # once with the optimised programs of a user
      "PYTHONPATH": str(pathlib.Path.cwd()),
    },
    capture_output=True,
    text=True,
  )
  assert result.returncode == 0, result.stdout
  assert (tmp_path / "runs" / "smoke" / "report.html").exists()


def test_notebook_is_its_script_without_outputs():
  cells = json.loads(NOTEBOOK.read_text())["cells"]
  assert not any(cell.get("outputs") for cell in cells)
  script = jupytext.read(NOTEBOOK.with_suffix(".py"))
  assert ["".join(cell["source"]) for cell in cells] == [
    cell.source for cell in script.cells
  ]
