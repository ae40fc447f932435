"""The direction of imports between the rooms, as BUILD.md draws it."""

import ast
import pathlib

import pytest

import cascade_jax

ROOT = pathlib.Path(cascade_jax.__file__).parent
# A room imports from rooms of earlier floors only, and from itself.
FLOORS = [
  {"activity", "errors", "backend", "lost_process"},
  {"types", "startup", "optional", "atomic", "hosts"},
  {"array_files", "profiling", "trackers"},
  {"losses", "metrics", "sharding"},
  {"assignment", "connectivity", "data", "networks"},
  {"methods"},
  {"config"},
  {"unread"},
  {"runs"},
  {"evaluation", "plots"},
  {"training", "report"},
  {"benchmark", "configs", "explore", "sweep"},
  {"model"},
  {"reproduce"},
  {"commands"},
]


def rooms():
  """The room of each module, and the rooms that it imports from."""
  for path in sorted(ROOT.rglob("*.py")):
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if room == "__init__":
      continue
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
      if isinstance(node, ast.ImportFrom) and node.module == "cascade_jax":
        imported |= {alias.name for alias in node.names}
      elif isinstance(node, ast.ImportFrom) and node.module:
        top, _, rest = node.module.partition(".")
        if top == "cascade_jax":
          imported.add(rest.split(".")[0])
    yield path, room, imported - {room}


@pytest.mark.parametrize(
  ("path", "room", "imported"),
  [pytest.param(*row, id=str(row[0].relative_to(ROOT))) for row in rooms()],
)
def test_no_arrow_runs_upward(path, room, imported):
  floor = {name: k for k, names in enumerate(FLOORS) for name in names}
  upward = {name for name in imported if floor[name] >= floor[room]}
  assert not upward, f"{path} imports from {upward}"
