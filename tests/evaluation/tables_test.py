import pytest

from cascade_jax.evaluation.tables import markdown_table


def test_a_table_has_a_row_for_each_line():
  assert markdown_table(["a", "b"], [(1, "x"), (2.5, "")]) == (
    "| a | b |\n|---|---|\n| 1 | x |\n| 2.5 |  |"
  )


def test_rows_must_be_as_long_as_the_header():
  with pytest.raises(ValueError, match="2 cells"):
    markdown_table(["a", "b"], [(1,)])
