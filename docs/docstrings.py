"""A Sphinx extension: reads the docstrings and comments of this package.

Docstrings are written in Google's style with the marks of Markdown, but autodoc
takes them for reStructuredText. Fields of records are explained by comments
beside them, of which autodoc would know nothing.
"""

import inspect
import re
from typing import Any

from sphinx.application import Sphinx

# A field and its comment: "  scale: np.ndarray  # [N, m]".
_FIELD = re.compile(r"^  (\w+): .*?  # (.*)$", re.MULTILINE)
_FIELD_OF_TUPLE = "Alias for field number"


def setup(app: Sphinx) -> dict[str, bool]:
  """Connects the extension; it comes before napoleon, which needs its text."""
  app.setup_extension("sphinx.ext.autodoc")
  app.connect("autodoc-process-docstring", _process_docstring, priority=400)
  app.connect("autodoc-skip-member", _skip_member)
  return {"parallel_read_safe": True}


def _process_docstring(
  app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
  """Changes the lines of a docstring in place."""
  text = escaped(with_list_tables("\n".join(lines)))
  if what == "class" and "Attributes:" not in lines:
    text += escaped(attributes(inspect.getsource(value)))
  lines[:] = text.split("\n")


def _skip_member(
  app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any
) -> bool | None:
  """Skips the fields of named tuples, which their class explains."""
  doc = getattr(value, "__doc__", None) or ""
  return True if doc.startswith(_FIELD_OF_TUPLE) else None


def with_list_tables(text: str) -> str:
  """Returns the text with a list-table for each Markdown table."""
  return re.sub(r"(?:^[ ]*\|.*\n?)+", _list_table, text, flags=re.MULTILINE)


def _list_table(table: re.Match) -> str:
  indent = re.match(" *", table[0])[0]
  rows = [line.strip(" |").split(" | ") for line in table[0].splitlines()]
  rows = [row for row in rows if not row[0].startswith("---")]
  lines = [".. list-table::", "   :header-rows: 1", ""]
  for row in rows:
    marks = ["   * - ", *["     - "] * (len(row) - 1)]
    lines += [mark + cell for mark, cell in zip(marks, row)]
  return "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)


def escaped(text: str) -> str:
  """Returns the text with what only reStructuredText takes for marks escaped.

  These are bars, as in |z|, and underscores at the ends of words, as in R_.j,
  but not within backticks; and the full stop of "num_continuous: m.", which
  would number a list.
  """
  text = re.sub(r"(: \w)\.$", r"\1\\.", text, flags=re.MULTILINE)
  parts = text.split("`")
  parts[::2] = [re.sub(r"\||(?<=\w)_(?!\w)", r"\\\g<0>", p) for p in parts[::2]]
  return "`".join(parts)


def attributes(source: str) -> str:
  """Returns a section for the commented fields of a class, or ""."""
  fields = _FIELD.findall(source)
  rows = [f"  {name}: {comment}" for name, comment in fields]
  return "\n".join(["\nAttributes:", *rows, ""]) if rows else ""
