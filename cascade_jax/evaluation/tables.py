"""Markdown tables."""

from collections.abc import Iterable, Sequence


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


def _row(cells: Sequence[object]) -> str:
  return f"| {' | '.join(map(str, cells))} |"
