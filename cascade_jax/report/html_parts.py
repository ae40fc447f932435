"""Pieces of a page: escaped text, tables, images, numbers.

Arguments are plain text, and escaped here, unless their name ends in `_html`.

Shapes: R rows, K columns.
"""

import base64
import html
import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeGuard

import numpy as np

MISSING = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"


def escape(text: object) -> str:
  """Returns the text as HTML, which may also stand inside an attribute."""
  return html.escape(str(text))


class Link(NamedTuple):
  """A text and where it leads."""

  url: str
  text: str

  @property
  def html(self) -> str:
    """The link as HTML."""
    return f'<a href="{escape(self.url)}">{escape(self.text)}</a>'


def name_html(text: object) -> str:
  """Returns a name, which may be a `Link`, as HTML."""
  return text.html if isinstance(text, Link) else escape(text)


def section(title: str, body_html: str) -> str:
  """Returns a part of the page under a heading, which can be linked to."""
  return (
    f'<section id="{title.lower().replace(" ", "-")}"><h2>{escape(title)}</h2>'
    f"\n{body_html}\n</section>\n"
  )


def contents_list(sections_html: str) -> str:
  """Returns links to the sections, as `section` writes them."""
  found = re.findall(r'<section id="([^"]*)"><h2>([^<]*)</h2>', sections_html)
  items = "".join(
    f'<li><a href="#{name}">{title}</a></li>' for name, title in found
  )
  return f'<nav aria-label="Contents"><ul>{items}</ul></nav>\n'


def paragraph(text: str, css_class: str = "") -> str:
  """Returns a paragraph of text."""
  attribute = f' class="{css_class}"' if css_class else ""
  return f"<p{attribute}>{escape(text)}</p>"


def instruction(text: str, command: str) -> str:
  """Returns a paragraph of text above a command to copy."""
  return f"{paragraph(text)}<pre>{_whole_words(command)}</pre>"


def image(media_type: str, content: bytes, alt: str) -> str:
  """Returns an image that is embedded in the page."""
  data = base64.b64encode(content).decode()
  return f'<img src="data:{media_type};base64,{data}" alt="{escape(alt)}">'


def table(
  header: Sequence[str],
  rows: Iterable[Sequence],
  caption: str,
  css_class: str = "",
) -> str:
  """Returns a table whose first column names its rows.

  Args:
    header: the names of the columns.
    rows: of each its name, which may be a `Link`, and its cells.
    caption: text above the table.
    css_class: of the table.
  """
  head = "".join(
    f'<th scope="col">{escape(name)}</th>' if name else "<td></td>"
    for name in header
  )
  body = "".join(
    f'<tr><th scope="row">{name_html(first)}</th>'
    + "".join(f"<td>{_whole_words(cell)}</td>" for cell in rest)
    + "</tr>"
    for first, *rest in rows
  )
  return _table(head, body, caption, css_class)


def matrix(
  caption: str,
  corner: str,
  row_names_html: Sequence[str],
  column_names: Sequence[str],
  counts: np.ndarray,
  outlined: Sequence[int] | np.ndarray,
  has_percent: bool = False,
) -> str:
  """Returns a table of counts, shaded by their share of the column.

  Args:
    caption: text above the table.
    corner: what the rows and the columns are.
    row_names_html: R of them.
    column_names: K of them.
    counts: `[R, K]`.
    outlined: `[R]`, the column to outline in each row, -1 for none.
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
      mark = ' class="outlined"' if outlined[r] == c else ""
      line += (
        f'<td{mark} style="--share:{share:.3f}">{int(counts[r, c]):,}{percent}'
        "</td>"
      )
    lines.append(f"{line}</tr>")
  return _table(
    f"<th>{escape(corner)}</th>{head}", "".join(lines), caption, "matrix"
  )


def integer(value: object) -> str:
  """Returns text such as 1,234, or a dash for what isn't an integer."""
  return f"{value:,}" if isinstance(value, int) else MISSING


def milliseconds(seconds: float) -> str:
  """Returns tenths of milliseconds as text, or a dash for 0 seconds."""
  return f"{1000 * seconds:.1f}" if seconds else MISSING


def is_number(value: object) -> TypeGuard[float]:
  """Returns whether a value from a file is a finite number."""
  return isinstance(value, int | float) and math.isfinite(value)


def _whole_words(text: object) -> str:
  """Returns HTML whose lines break between words, not after hyphens."""
  words = escape(text).split(" ")
  return " ".join(f"<span>{word}</span>" for word in words)


def _table(head_html: str, body_html: str, caption: str, css_class: str) -> str:
  """Returns a table that scrolls sideways where it is too wide."""
  return (
    f'<div class="scroll"><table class="{css_class}">'
    f"<caption>{escape(caption)}</caption>"
    f"<thead><tr>{head_html}</tr></thead><tbody>{body_html}</tbody></table>"
    "</div>"
  )
