"""The extension that reads docstrings for the site; it needs sphinx."""

import sys

import pytest

pytest.importorskip("sphinx", reason="pip install -e .[docs] brings it")


@pytest.fixture
def docstrings(monkeypatch):
  """The module docs/docstrings.py."""
  monkeypatch.syspath_prepend("docs")
  yield pytest.importorskip("docstrings")
  del sys.modules["docstrings"]


def test_tables_become_list_tables(docstrings):
  text = "Loads.\n\n  | name | of |\n  |---|---|\n  | `a` | b, c |\n\nArgs:\n"
  assert docstrings.with_list_tables(text) == (
    "Loads.\n\n"
    "  .. list-table::\n"
    "     :header-rows: 1\n"
    "\n"
    "     * - name\n"
    "       - of\n"
    "     * - `a`\n"
    "       - b, c\n"
    "\nArgs:\n"
  )


@pytest.mark.parametrize(
  ("text", "expected"),
  [
    ("|z1 - z2| of R_.j", r"\|z1 - z2\| of R\_.j"),
    ("`q(z|x)` and `R_`", "`q(z|x)` and `R_`"),
    ("  num_continuous: m.", r"  num_continuous: m\."),
    ("  num_images: N.\n  kl: nats.", "  num_images: N\\.\n  kl: nats."),
    ("plain_name, 2 * S", "plain_name, 2 * S"),
  ],
)
def test_marks_of_another_language_are_escaped(docstrings, text, expected):
  assert docstrings.escaped(text) == expected


def test_comments_explain_fields(docstrings):
  source = (
    'class Posterior(NamedTuple):\n  """q(z|x)."""\n\n'
    "  mean: np.ndarray  # [B, m]\n  plain: int\n"
    "  scale: tuple[int, ...] = ()  # of each\n"
  )
  assert docstrings.attributes(source) == (
    "\nAttributes:\n  mean: [B, m]\n  scale: of each\n"
  )
  assert docstrings.attributes("class A:\n  b: int\n") == ""
