"""Pieces of a page: escaped text, tables, pictures, numbers.

Arguments are plain text, and escaped here, unless their name ends in `_html`.
"""

import base64
import html
import math
from collections.abc import Iterable, Sequence

import numpy as np

NOT_THERE = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"


def escape(text) -> str:
  """Text that a page may hold, also inside an attribute."""
  return html.escape(str(text))


def section(title: str, body_html: str) -> str:
  """A part of the page under a heading."""
  return f"<section><h2>{escape(title)}</h2>\n{body_html}\n</section>\n"


def command(text: str) -> str:
  """A command to copy."""
  return f"<pre>{_whole_words(text)}</pre>"


def image(kind: str, content: bytes, alt: str) -> str:
  """A picture inside the page; `kind` is its media type."""
  data = base64.b64encode(content).decode()
  return f'<img src="data:{kind};base64,{data}" alt="{escape(alt)}">'


def table(
  header: Sequence[str],
  rows: Iterable[Sequence],
  caption: str,
  kind: str = "",
) -> str:
  """A table whose first column names its rows; `kind` is a class of CSS."""
  head = "".join(
    f'<th scope="col">{escape(name)}</th>' if name else "<td></td>"
    for name in header
  )
  lines = "".join(
    f'<tr><th scope="row">{escape(first)}</th>'
    + "".join(f"<td>{_whole_words(cell)}</td>" for cell in rest)
    + "</tr>"
    for first, *rest in rows
  )
  return _table(head, lines, caption, kind)


def matrix(
  caption: str,
  row_names_html: Sequence[str],
  column_names: Sequence[str],
  counts: np.ndarray,
  chosen: Sequence[int],
  has_percent: bool = False,
) -> str:
  """A table of counts, shaded by their share of the column.

  Args:
    caption: what it shows.
    row_names_html: R of them.
    column_names: K of them.
    counts: `[R, K]`.
    chosen: `[R]`, the column to outline in each row, -1 for none.
    has_percent: whether to write the shares too.
  """
  shares = counts / np.maximum(counts.sum(axis=0), 1)
  head = "".join(
    f'<th scope="col">{escape(name)}</th>' for name in column_names
  )
  lines = []
  for r, name in enumerate(row_names_html):
    line = f'<tr><th scope="row">{name}</th>'
    for c, share in enumerate(shares[r]):
      percent = f"<br><small>{share:.1%}</small>" if has_percent else ""
      mark = ' class="chosen"' if chosen[r] == c else ""
      line += (
        f'<td{mark} style="--share:{share:.3f}">{int(counts[r, c]):,}{percent}'
        "</td>"
      )
    lines.append(f"{line}</tr>")
  return _table(f"<td></td>{head}", "".join(lines), caption, "matrix")


def integer(value) -> str:
  """1,234, or a dash for what isn't an integer."""
  return f"{value:,}" if isinstance(value, int) else NOT_THERE


def milliseconds(seconds: float) -> str:
  """Tenths of milliseconds, or a dash for what didn't run."""
  return f"{1000 * seconds:.1f}" if seconds else NOT_THERE


def is_number(value) -> bool:
  """Whether a value from a file is a finite number."""
  return isinstance(value, int | float) and math.isfinite(value)


def _whole_words(text) -> str:
  """Escaped text that lines break between words of, not after hyphens."""
  words = escape(text).split(" ")
  return " ".join(f"<span>{word}</span>" for word in words)


def _table(head: str, lines: str, caption: str, kind: str) -> str:
  return (
    f'<div class="scroll"><table class="{kind}">'
    f"<caption>{escape(caption)}</caption>"
    f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
  )
