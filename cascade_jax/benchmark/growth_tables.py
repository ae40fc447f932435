"""The figures of growth as Markdown tables, one for each part."""

from cascade_jax.benchmark import solvers
from cascade_jax.benchmark.table import head, number
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.runs.json_file import Kind

_STEPS = {"warm_up": "warm-up step", "discrete_host": "discrete step"}
_TITLES = {
  "batch": "Batch size",
  "categories": "Categories of one discrete variable",
  "variables": "Discrete variables",
  "image_size": "Pixels along a side",
  "replicas": "Replicas, which take each step together",
  "devices": "Devices made of this CPU: what dividing a batch costs",
}
_ROW = {
  "steps?": {str: {"milliseconds": float, "images_per_second": float}},
  "skipped?": str,
}
KIND = Kind(
  "growth",
  {
    "machine": {"device": str, "python": str, "versions": {str: str}},
    "config": dict,
    "base": _ROW,
    "axes": {str: [{"value": (int, [int]), **_ROW}]},
    "solvers?": [solvers.SCHEMA],
  },
  "measure again with python -m experiments.benchmark --growth=all "
  "--output={path}",
)


def to_markdown(figures: dict) -> str:
  """Returns a line about the machine and the base, then a table a part."""
  blocks = [head(figures)]
  for axis, rows in figures["axes"].items():
    blocks.append(f"{_TITLES[axis]}:")
    blocks.append(_axis_table(rows, figures["base"]["steps"]))
  if "solvers" in figures:
    blocks += ["Solvers alone:", _solver_table(figures["solvers"])]
  return "\n\n".join(blocks)


def _axis_table(rows: list[dict], base: dict) -> str:
  names = [name for key, name in _STEPS.items() if key in base]
  header = ["value"]
  for name in names:
    header += [name, "over the base", "images"]
  return markdown_table(header, [_axis_row(row, base) for row in rows])


def _axis_row(row: dict, base: dict) -> list[str]:
  value = row["value"]
  cells = [
    str(value if isinstance(value, int) else " x ".join(map(str, value)))
  ]
  for key in _STEPS:
    if key not in base:
      continue
    if "skipped" in row:
      cells += [row["skipped"], "", ""]
      continue
    figure = row["steps"][key]
    milliseconds = figure["milliseconds"]
    cells += [
      f"{number(milliseconds)} ms",
      f"{number(milliseconds / base[key]['milliseconds'])}",
      f"{number(figure['images_per_second'])} /s",
    ]
  return cells


def _solver_table(rows: list[dict]) -> str:
  header = ["B", "S", "costs", "host", "device", "device over host"]
  return markdown_table(
    header,
    [
      [
        row["batch_size"],
        row["categories"],
        row["costs"],
        f"{number(row['host_milliseconds'])} ms",
        f"{number(row['device_milliseconds'])} ms",
        number(row["device_milliseconds"] / row["host_milliseconds"]),
      ]
      for row in rows
    ],
  )
