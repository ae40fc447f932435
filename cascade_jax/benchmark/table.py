"""The figures of a benchmark as one Markdown table."""

from cascade_jax.benchmark import solvers
from cascade_jax.errors import UserError
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.runs.json_file import Kind

_STEPS = {
  "warm_up": "warm-up step",
  "discrete_host": "discrete step, OR-Tools on the host",
  "discrete_device": "discrete step, solver on the device",
}
_PARTS = {
  "encode_and_score": "encode and score",
  "to_host": "costs to the host",
  "solve": "solve (OR-Tools)",
  "to_device": "categories to the device",
  "update": "update",
}
_FIGURE = {
  "milliseconds": float,
  "images_per_second": float,
  "times_limit?": float,
}
KIND = Kind(
  "benchmark",
  {
    "machine": {"device": str, "python": str, "versions": {str: str}},
    "config": {
      "method": str,
      "batch_size": int,
      "data": {"image_size": int},
      "num_categories": (int, [int]),
      "num_continuous": int,
      "num_replicas": int,
    },
    "steps": {str: _FIGURE},
    "parts": (
      {**dict.fromkeys(_PARTS, float), "solve_and_transfers_share": float},
      None,
    ),
    "evaluation": {**_FIGURE, "seconds_for_all_images": float},
    "solvers": [solvers.SCHEMA],
    "peak_bytes_training": float,
    "peak_bytes": float,
  },
  "measure again with python -m experiments.benchmark --output={path}",
)


def to_markdown(figures: dict, earlier: dict | None = None) -> str:
  """Returns a line about the machine and the config, then a table.

  Args:
    figures: from `cascade_jax.benchmark.measure`.
    earlier: figures of an earlier measurement; adds columns with them and with
      the ratios to them.

  Raises:
    UserError: the earlier figures are of another config.
  """
  if earlier and earlier["config"] != figures["config"]:
    raise UserError(
      "the earlier figures are of another config, so they don't compare; "
      "measure again with the same --config"
    )
  rows = _rows(figures)
  header = ["what", "figure"] + ["earlier", "ratio"] * bool(earlier)
  before = dict(_rows(earlier)) if earlier else {}
  table = []
  for name, (value, unit) in rows:
    cells = [name, f"{number(value)} {unit}".strip()]
    if name in before:
      old, _ = before[name]
      cells += [number(old), f"{value / old:.2f}"]
    elif earlier:
      cells += ["", ""]
    table.append(cells)
  return f"{head(figures)}\n\n{markdown_table(header, table)}"


def head(figures: dict) -> str:
  """Returns a line about the machine and the config."""
  machine, config = figures["machine"], figures["config"]
  versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
  return (
    f"{machine['device']}; Python {machine['python']}, {versions}; "
    f"{config['method']}, batch {config['batch_size']}, "
    f"{config['data']['image_size']} pixels, "
    f"S = {config['num_categories']}, m = {config['num_continuous']}, "
    f"{config['num_replicas']} replicas"
  )


def _rows(figures: dict) -> list[tuple[str, tuple[float, str]]]:
  """Returns the name, value and unit of each row that was measured."""
  rows = []
  for key, name in _STEPS.items():
    if key in figures["steps"]:
      only = len(figures["steps"]) == 1  # methods that solve for no codes
      rows += _limited("step" if only else name, figures["steps"][key])
  if parts := figures["parts"]:
    rows += [
      (f"part of a discrete step: {name}", (parts[key], "ms"))
      for key, name in _PARTS.items()
    ]
    share = 100 * parts["solve_and_transfers_share"]
    rows.append(("solve and transfers, share of the step", (share, "%")))
  rows += _limited("evaluation", figures["evaluation"])
  seconds = figures["evaluation"]["seconds_for_all_images"]
  rows.append(("evaluation, all images", (seconds, "s")))
  for row in figures["solvers"]:
    problem = (
      f"B = {row['batch_size']}, S = {row['categories']}, {row['costs']} costs"
    )
    for where in ("host", "device"):
      value = row[f"{where}_milliseconds"]
      rows.append((f"solver on the {where}, {problem}", (value, "ms")))
  for key, name in (
    ("peak_bytes_training", "peak memory, training"),
    ("peak_bytes", "peak memory, evaluation too"),
  ):
    rows.append((name, (figures[key] / 1e9, "GB")))
  return rows


def _limited(name: str, figure: dict) -> list[tuple[str, tuple[float, str]]]:
  """Returns the rows of a figure that is held against the GEMM limit."""
  rows = [(name, (figure["milliseconds"], "ms"))]
  if "times_limit" in figure:
    rows.append((f"{name}, over the GEMM limit", (figure["times_limit"], "")))
  return [*rows, (f"{name}, images", (figure["images_per_second"], "/s"))]


def number(value: float) -> str:
  """Returns a figure with as many digits as one reads."""
  return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
