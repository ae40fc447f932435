"""Tables of scores in the documentation say what the committed files say."""

import pathlib
import re

import pytest

from tests.helpers.launcher import call

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# A table, and the nearest command that prints one of committed files: after it,
# or right before it. It has the seeds in its rows, or in its columns.
TABLE = r"^(\| (?:seed |method \| m |\| \d+ )\|[^\n]*\n(?:\|[^\n]*\n)+)"
COMMAND = r"    python -m experiments\.(summarise|compare) (docs/results/.*)\n"
BETWEEN = r"(?:(?!\|).*\n)*?"
FOUND = [
  pytest.param(*groups, id=f"{page.name}-{groups[2]}")
  for page in PAGES
  for groups in [
    *re.findall(f"{TABLE}{BETWEEN}{COMMAND}", page.read_text(), re.MULTILINE),
    *(
      (table, command, words)
      for command, words, table in re.findall(
        f"^{COMMAND}\n{TABLE}", page.read_text(), re.MULTILINE
      )
    ),
  ]
]


def rows_of(text):
  """The rows of the table in a text by their first cell, each by its header."""
  lines = [line for line in text.splitlines() if line.startswith("|")]
  header, _, *rows = [line.strip("|").split("|") for line in lines]
  header = [cell.strip() for cell in header]
  return {
    row[0].strip(): dict(zip(header, map(str.strip, row))) for row in rows
  }


def test_there_are_tables():
  assert len(FOUND) >= 10


@pytest.mark.parametrize(("table", "command", "words"), FOUND)
def test_a_table_has_the_numbers_of_the_files(
  table, command, words, monkeypatch
):
  """It may have fewer rows and columns than its command prints."""
  monkeypatch.chdir(ROOT)
  files = [str(path) for word in words.split() for path in ROOT.glob(word)]
  result = call(command, *files)
  assert result.returncode == 0, result.stderr
  if table.startswith("| |"):
    assert_numbers_are_there(rows_of(table), result.stdout)
    return
  printed = rows_of(result.stdout)
  for name, row in rows_of(table).items():
    assert row.items() <= printed[name].items(), name


def assert_numbers_are_there(rows, printed):
  """For tables of one score, with the seeds in the columns."""
  of_runs = {name: x for name, x in rows.items() if "k-means" not in name}
  for name, row in of_runs.items():
    values = [cell for header, cell in row.items() if header]
    assert len(values) > 1
    for value in values:
      assert value.replace(" (", "** (") in printed or value in printed, name
