"""Markdown tables."""

from collections.abc import Iterable, Sequence

import numpy as np


def markdown_table(
  header: Sequence[object], rows: Iterable[Sequence[object]]
) -> str:
  """Returns a Markdown table without a trailing newline.

  Args:
    header: the titles of the columns.
    rows: one cell for each column, shown by `str`.

  Raises:
    ValueError: a row is longer or shorter than the header.
  """
  lines = [_row(header), "|---" * len(header) + "|"]
  for row in rows:
    if len(row) != len(header):
      raise ValueError(f"row {row} must have {len(header)} cells")
    lines.append(_row(row))
  return "\n".join(lines)


def mean_and_std(
  values: Sequence[float] | np.ndarray, emphasis: str = ""
) -> str:
  """Returns "mean (std)" of seeds with two decimals; one seed has no std.

  Args:
    values: of the seeds; the standard deviation is that of n - 1.
    emphasis: put around the mean, such as "**".
  """
  with np.errstate(invalid="ignore"):  # infinite ones have no deviation
    std = f" ({np.std(values, ddof=1):.2f})" if len(values) > 1 else ""
    return f"{emphasis}{np.mean(values):.2f}{emphasis}{std}"


def _row(cells: Sequence[object]) -> str:
  return f"| {' | '.join(map(str, cells))} |"
