import json
import os
import pathlib
import subprocess
import sys

import jupytext
import pytest

NOTEBOOKS = sorted(pathlib.Path("experiments/notebooks").glob("*.ipynb"))
RESULTS = {
  "assignment": None,
  "cascade_vae": "smoke/report.html",
  "compare": "compare/joint_vae/seed_4/codes.npz",
  "own_images": "digits/explore.html",
}


def test_every_notebook_is_known_here():
  assert [notebook.stem for notebook in NOTEBOOKS] == sorted(RESULTS)


@pytest.mark.parametrize("name", RESULTS)
def test_notebook_runs_with_few_steps(name, tmp_path):
  notebook = pathlib.Path(f"experiments/notebooks/{name}.ipynb").resolve()
  copy = tmp_path / notebook.name
  copy.write_text(notebook.read_text())
  command = [sys.executable, "-m", "pytest", "--nbmake", str(copy), "-q"]
  result = subprocess.run(
    [*command, "-p", "no:cacheprovider", "--rootdir", str(tmp_path)],
    cwd=tmp_path,
    env={
      **os.environ,
      "CASCADE_JAX_SMOKE": "1",
      # Once with the optimised programs of a user.
      **({"XLA_FLAGS": ""} if name == "cascade_vae" else {}),
      "PYTHONPATH": str(pathlib.Path.cwd()),
    },
    capture_output=True,
    text=True,
  )
  assert result.returncode == 0, result.stdout
  if RESULTS[name]:
    assert (tmp_path / "runs" / RESULTS[name]).exists()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_its_script_without_outputs(notebook):
  cells = json.loads(notebook.read_text())["cells"]
  assert not any(cell.get("outputs") for cell in cells)
  script = jupytext.read(notebook.with_suffix(".py"))
  assert ["".join(cell["source"]) for cell in cells] == [
    cell.source for cell in script.cells
  ]


def test_all_notebooks_install_in_the_same_way():
  installs = {
    next(
      "".join(cell["source"])
      for cell in json.loads(notebook.read_text())["cells"]
      if cell["cell_type"] == "code"
    )
    for notebook in NOTEBOOKS
  }
  assert len(installs) == 1 and 'SOURCE = ""' in installs.pop()
