import pytest

from cascade_jax.commands import compare
from cascade_jax.evaluation import comparison, summary
from cascade_jax.runs import json_file


def make(
  scores,
  accuracies=None,
  num_continuous=4,
  step=100,
  size=32,
  information=None,
):
  accuracies = accuracies or [None] * len(scores)
  return {
    "dataset": "sprites",
    "protocol": {},
    "config": {
      "method": "mine",
      "num_continuous": num_continuous,
      "data": {"name": "sprites", "image_size": size},
    },
    "runs": [
      {
        "seed": seed,
        "num_images": 50,
        "step": step,
        "disentanglement_score": score,
        "disentanglement_score_dlib": score / 2,
        "classification_accuracy": accuracy,
        "information": information,
      }
      for seed, (score, accuracy) in enumerate(zip(scores, accuracies))
    ],
  }


def test_a_row_has_mean_deviation_best_and_every_seed():
  table = comparison.to_markdown(
    {"a": make([0.8, 0.6]), "b": make([0.5, 0.7], [0.25, 0.75], 10)}
  ).splitlines()
  assert table[2] == (
    "| a | 4 | 0, 1 | **70.00** (14.14), best 80.00: 80.00 60.00 "
    "| **35.00** (7.07), best 40.00: 40.00 30.00 |  |  |  |"
  )
  assert table[3].startswith("| b | 10 | 0, 1 | **60.00**")
  assert table[3].endswith(
    "| **50.00** (35.36), best 75.00: 25.00 75.00 |  |  |"
  )


@pytest.mark.parametrize("changes", [{"step": 5}, {"size": 64}])
def test_runs_that_are_not_comparable_are_refused(changes):
  with pytest.raises(ValueError, match="b and a can't stand in one table"):
    comparison.to_markdown({"a": make([1.0]), "b": make([1.0], **changes)})


def test_information_is_in_nats_and_without_every_seed():
  nats = {"index_code_information": 9.0, "aggregate_total_correlation": 0.5}
  table = comparison.to_markdown({"a": make([0.8, 0.6], information=nats)})
  assert table.endswith("|  | 9.00 (0.00) | 0.50 (0.00) |")


def test_one_seed_has_no_deviation():
  table = comparison.to_markdown({"a": make([0.5])})
  assert "**50.00**, best 50.00: 50.00 |" in table


def test_nothing_to_compare_is_an_error():
  with pytest.raises(ValueError, match="no summaries"):
    comparison.to_markdown({})


def test_the_command_names_rows_after_files(tmp_path, capsys):
  files = [tmp_path / f"{name}.json" for name in ("second", "first")]
  for path in files:
    json_file.write(path, summary.KIND, make([0.5, 0.7]))
  compare.main([str(path) for path in files])
  rows = capsys.readouterr().out.splitlines()[2:]
  assert [row.split(" | ")[0] for row in rows] == ["| second", "| first"]
  with pytest.raises(ValueError, match="is not a summary"):
    compare.main([str(tmp_path)])
