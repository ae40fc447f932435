import pytest

from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluation_file
from cascade_jax.runs import json_file
from tests.helpers.reported_run import EVALUATION


def test_an_evaluation_is_read_as_it_was_written(tmp_path):
  assert evaluation_file.read(tmp_path) == {}
  path = tmp_path / evaluation_file.NAME
  json_file.write(path, evaluation_file.KIND, EVALUATION)
  assert evaluation_file.read(tmp_path) == EVALUATION


@pytest.mark.parametrize(
  ("key", "missing"),
  [("vote_columns", "votes"), ("relabelling", "confusion")],
)
def test_details_that_explain_each_other_come_together(tmp_path, key, missing):
  path = tmp_path / evaluation_file.NAME
  content = {k: v for k, v in EVALUATION.items() if k != key}
  json_file.write(path, evaluation_file.KIND, content)
  with pytest.raises(UserError, match=f"has {missing}, but no {key}; make it"):
    evaluation_file.read(tmp_path)
