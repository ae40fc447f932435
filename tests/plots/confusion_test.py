"""The confusion matrix as a picture."""

import io

import pytest

from cascade_jax import plots
from tests.helpers.figure_texts import texts


def test_confusion_has_counts_percent_and_marks_the_relabelling():
  figure = plots.confusion([[1, 3000], [9, 0]], ["a", "$b$"], [1, 0])
  assert {"3,000\n100.0%", "9\n90.0%", "1\n10.0%"} <= set(texts(figure))
  (axes,) = figure.axes
  outlined = [tuple(p.get_xy()) for p in axes.patches if not p.get_fill()]
  assert [(int(x), int(y)) for x, y in outlined] == [(1, 0), (0, 1)]
  figure.savefig(io.BytesIO(), dpi=20)  # a dollar is no formula


def test_confusion_refuses_names_that_do_not_fit():
  with pytest.raises(ValueError, match="there are 1 names"):
    plots.confusion([[1, 2]], ["a"])


def test_long_class_names_slant_instead_of_running_into_each_other():
  for names, angle in ((["a", "b"], 0), (["a", "ankle boot and sandal"], 30)):
    (axes,) = plots.confusion([[1, 2]], names).axes
    labels = [x for x in axes.get_xticklabels() if x.get_text() in names]
    assert {label.get_rotation() for label in labels} == {angle}
    assert axes.get_title() == "class" and axes.get_ylabel() == "category"
